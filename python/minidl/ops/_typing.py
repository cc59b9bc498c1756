"""The type aliases of ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minidl._tape import Tensor

TensorLike = Tensor | np.ndarray | float | int | Sequence[Any]
Axis = int | Sequence[int] | None
Pair = int | Sequence[int]
DTypeLike = str | np.dtype | type
