"""Functions that NumPy computes and that pass on no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minidl._tape import Tensor, as_tensor, pair, wrap
from minidl.ops._checks import normalize_axes
from minidl.ops._typing import Axis, TensorLike


def without_gradient(function: Callable, x1: TensorLike, x2: TensorLike | None = None) -> Tensor:
    """`function` of one tensor, or of two that broadcast."""
    with np.errstate(all="ignore"):
        if x2 is None:
            return wrap(np.asarray(function(as_tensor(x1).data)))
        x1, x2 = pair(x1, x2)
        return wrap(np.asarray(function(x1.data, x2.data)))


def reduce_by_numpy(
    function: Callable, x: TensorLike, axis: Axis, keepdims: bool, **options: Any
) -> Tensor:
    """`function` over axes."""
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    return wrap(np.asarray(function(x.data, axis=axes, keepdims=keepdims, **options)))
