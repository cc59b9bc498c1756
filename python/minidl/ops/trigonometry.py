"""Angles, hyperbolic functions and their inverses, computed by NumPy."""

from __future__ import annotations

import math

import numpy as np

from minidl._tape import Tensor, as_float, as_floats, record, wrap
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import rsqrt, square
from minidl.ops.indexing import where
from minidl.ops.more_elementwise import _by_numpy, cos


def tan(x: TensorLike) -> Tensor:
    """The tangent.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.tan`.

    >>> tan([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.tan, x, lambda dy, x: dy / square(cos(x)))


def arcsin(x: TensorLike) -> Tensor:
    """The angle in [-pi/2, pi/2] with the sine `x`; NaN outside [-1, 1].

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.arcsin`.

    >>> arcsin([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.arcsin, x, lambda dy, x: dy * rsqrt(1.0 - square(x)))


def arccos(x: TensorLike) -> Tensor:
    """The angle in [0, pi] with the cosine `x`; NaN outside [-1, 1].

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.arccos`.

    >>> arccos([1.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.arccos, x, lambda dy, x: -dy * rsqrt(1.0 - square(x)))


def arctan(x: TensorLike) -> Tensor:
    """The angle in (-pi/2, pi/2) with the tangent `x`.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.arctan`.

    >>> arctan([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.arctan, x, lambda dy, x: dy / (1.0 + square(x)))


def sinh(x: TensorLike) -> Tensor:
    """The hyperbolic sine.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.sinh`.

    >>> sinh([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.sinh, x, lambda dy, x: dy * cosh(x))


def cosh(x: TensorLike) -> Tensor:
    """The hyperbolic cosine.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.cosh`.

    >>> cosh([0.0])
    Tensor([1.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.cosh, x, lambda dy, x: dy * sinh(x))


def arcsinh(x: TensorLike) -> Tensor:
    """The inverse of the hyperbolic sine.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.arcsinh`.

    >>> arcsinh([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.arcsinh, x, lambda dy, x: dy * rsqrt(square(x) + 1.0))


def arccosh(x: TensorLike) -> Tensor:
    """The inverse of the hyperbolic cosine; NaN below 1.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.arccosh`.

    >>> arccosh([1.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.arccosh, x, lambda dy, x: dy * rsqrt(square(x) - 1.0))


def arctanh(x: TensorLike) -> Tensor:
    """The inverse of the hyperbolic tangent; NaN outside [-1, 1].

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.arctanh`.

    >>> arctanh([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.arctanh, x, lambda dy, x: dy / (1.0 - square(x)))


def arctan2(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The angle in [-pi, pi] of the point with height `x1` and width `x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A float tensor in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.arctan2`.

    >>> arctan2([0.0], [1.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    x1, x2 = as_floats(x1, x2)
    y = wrap(np.asarray(np.arctan2(x1.data, x2.data)))
    return record(
        y,
        (x1, x2),
        (
            lambda dy, x1, x2: dy * x2 / (square(x1) + square(x2)),
            lambda dy, x1, x2: -dy * x1 / (square(x1) + square(x2)),
        ),
        (x1, x2),
        True,
    )


def hypot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The length of the vector (`x1`, `x2`), without overflow.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A float tensor in the broadcast shape; no gradient flows at length 0.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.hypot`.

    >>> hypot([3.0], [4.0])
    Tensor([5.], shape=(1,), dtype=float32)
    """
    x1, x2 = as_floats(x1, x2)
    y = wrap(np.asarray(np.hypot(x1.data, x2.data)))

    def side(dy: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return dy * x / where(y == 0, 1.0, y)

    return record(
        y,
        (x1, x2),
        (lambda dy, x1, x2, y: side(dy, x1, y), lambda dy, x1, x2, y: side(dy, x2, y)),
        (x1, x2, y),
        True,
    )


def deg2rad(x: TensorLike) -> Tensor:
    """Degrees to radians.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.deg2rad`.

    >>> deg2rad([180.0])
    Tensor([3.1415927], shape=(1,), dtype=float32)
    """
    return as_float(x) * (math.pi / 180)


def rad2deg(x: TensorLike) -> Tensor:
    """Radians to degrees.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.rad2deg`.

    >>> rad2deg([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return as_float(x) * (180 / math.pi)
