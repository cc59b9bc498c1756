"""The type aliases of ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from minidl._tape import Tensor

TensorLike = Union[Tensor, np.ndarray, float, int, Sequence[Any]]
Axis = Union[int, Sequence[int], None]
Pair = Union[int, Sequence[int]]
DTypeLike = Union[str, np.dtype, type]
