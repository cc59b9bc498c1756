"""The elementwise functions that have no kernel of their own: NumPy computes them."""

from __future__ import annotations

import numpy as np

from minidl._tape import Tensor, as_float, pair, record, wrap
from minidl.ops._numpy import without_gradient
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import log, maximum, minimum, multiply, rsqrt, square
from minidl.ops.indexing import where


def power(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1` to the power `x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The powers, in the broadcast shape; NaN for a negative base and a broken exponent.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.power`.

    >>> power([2.0, 3.0], 2)
    Tensor([4., 9.], shape=(2,), dtype=float32)
    """
    if isinstance(x2, (int, float)) and not isinstance(x2, bool):
        if x2 == 2:
            return square(x1)
        if x2 == -0.5:
            return rsqrt(x1)
        if isinstance(x2, float) and not x2.is_integer():
            x1 = as_float(x1)
    x1, x2 = pair(x1, x2)
    if x1.dtype.kind == "i" and (x2.data < 0).any():
        x1, x2 = as_float(x1), as_float(x2)
    with np.errstate(all="ignore"):
        y = wrap(np.asarray(np.power(x1.data, x2.data)))
    if y.dtype.kind != "f":
        return y

    def to_base(dy: Tensor, x1: Tensor, x2: Tensor, y: Tensor) -> Tensor:
        # x2 == 0 has gradient 0 even at base 0.
        slope = where(x2 == 0, 0.0, x2 * power(x1, where(x2 == 0, 1.0, x2 - 1)))
        return dy * slope

    def to_exponent(dy: Tensor, x1: Tensor, x2: Tensor, y: Tensor) -> Tensor:
        return dy * y * where(x1 > 0, log(where(x1 > 0, x1, 1.0)), 0.0)

    return record(y, (x1, x2), (to_base, to_exponent), (x1, x2, y), True)


def clip(x: TensorLike, x_min: TensorLike, x_max: TensorLike) -> Tensor:
    """`x` limited to [x_min, x_max].

    Args:
        x: tensor of any shape.
        x_min: the lower limit.
        x_max: the upper limit.

    Returns:
        A tensor of the same shape and dtype; no gradient flows outside the limits.

    Source: `keras.ops.clip`.

    >>> clip([-1.0, 0.5, 2.0], 0, 1)
    Tensor([0. , 0.5, 1. ], shape=(3,), dtype=float32)
    """
    return minimum(maximum(x, x_min), x_max)


def reciprocal(x: TensorLike) -> Tensor:
    """`1 / x`.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.reciprocal`.

    >>> reciprocal([2.0, 4.0])
    Tensor([0.5 , 0.25], shape=(2,), dtype=float32)
    """
    return 1.0 / as_float(x)


def _by_numpy(function, x: TensorLike, gradient) -> Tensor:
    x = as_float(x)
    with np.errstate(all="ignore"):
        y = np.asarray(function(x.data))
    return record(y, (x,), (gradient,), (x,))


def sin(x: TensorLike) -> Tensor:
    """The sine.

    Args:
        x: tensor of any shape, in radians.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.sin`.

    >>> sin([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.sin, x, lambda dy, x: dy * cos(x))


def cos(x: TensorLike) -> Tensor:
    """The cosine.

    Args:
        x: tensor of any shape, in radians.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.cos`.

    >>> cos([0.0])
    Tensor([1.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.cos, x, lambda dy, x: -dy * sin(x))


def floor(x: TensorLike) -> Tensor:
    """The next integer below; its gradient is zero.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    Source: `keras.ops.floor`.

    >>> floor([1.5, -1.5])
    Tensor([ 1., -2.], shape=(2,), dtype=float32)
    """
    return without_gradient(np.floor, x)


def ceil(x: TensorLike) -> Tensor:
    """The next integer above; its gradient is zero.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    Source: `keras.ops.ceil`.

    >>> ceil([1.5, -1.5])
    Tensor([ 2., -1.], shape=(2,), dtype=float32)
    """
    return without_gradient(np.ceil, x)


def round(x: TensorLike, decimals: int = 0) -> Tensor:
    """The nearest number of some decimals, halves to even; its gradient is zero.

    Args:
        x: tensor of any shape.
        decimals: how many.

    Returns:
        A tensor of the same shape and dtype.

    Source: `keras.ops.round`.

    >>> round([1.5, 2.5])
    Tensor([2., 2.], shape=(2,), dtype=float32)
    """
    return without_gradient(lambda a: np.round(a, decimals), x)


def floor_divide(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The largest integers not above `x1 / x2`; their gradient is zero.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The quotients, in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.floor_divide`.

    >>> floor_divide([7.0, -7.0], 2)
    Tensor([ 3., -4.], shape=(2,), dtype=float32)
    """
    return without_gradient(np.floor_divide, x1, x2)


def mod(x1: TensorLike, x2: TensorLike) -> Tensor:
    """What division leaves over, with the sign of `x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The remainders, in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.mod`.

    >>> mod([7.0, -7.0], 4)
    Tensor([3., 1.], shape=(2,), dtype=float32)
    """
    x1, x2 = pair(x1, x2)
    if x1.dtype.kind == "f":
        return x1 - multiply(floor_divide(x1, x2), x2)
    return wrap(np.asarray(np.mod(x1.data, x2.data)))
