"""Logarithms, roots and comparisons beside those that have kernels."""

from __future__ import annotations

import math

import numpy as np

from minidl._tape import Tensor, as_floats, as_tensor, wrap
from minidl.ops._numpy import without_gradient
from minidl.ops._typing import TensorLike
from minidl.ops.activations import softplus
from minidl.ops.comparison import isfinite
from minidl.ops.elementwise import absolute, erf, maximum, square
from minidl.ops.indexing import where
from minidl.ops.more_elementwise import _by_numpy
from minidl.ops.reduce import all


def log2(x: TensorLike) -> Tensor:
    """The logarithm to base 2.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.log2`.

    >>> log2([8.0])
    Tensor([3.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.log2, x, lambda dy, x: dy / (x * math.log(2)))


def log10(x: TensorLike) -> Tensor:
    """The logarithm to base 10.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.log10`.

    >>> log10([1.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.log10, x, lambda dy, x: dy / (x * math.log(10)))


def exp2(x: TensorLike) -> Tensor:
    """2 to the power `x`.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.exp2`.

    >>> exp2([3.0])
    Tensor([8.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.exp2, x, lambda dy, x: dy * exp2(x) * math.log(2))


def cbrt(x: TensorLike) -> Tensor:
    """The cube root, of negative numbers too.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.cbrt`.

    >>> cbrt([-8.0])
    Tensor([-2.], shape=(1,), dtype=float32)
    """
    return _by_numpy(np.cbrt, x, lambda dy, x: dy / (3.0 * square(cbrt(x))))


def logaddexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`log(exp(x1) + exp(x2))` without overflow.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A float tensor in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.logaddexp`.

    >>> logaddexp([1000.0], [1000.0])
    Tensor([1000.6932], shape=(1,), dtype=float32)
    """
    x1, x2 = as_floats(x1, x2)
    return maximum(x1, x2) + softplus(-absolute(x1 - x2))


def erfc(x: TensorLike) -> Tensor:
    """1 minus the error function.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.erfc`.

    >>> erfc([0.0])
    Tensor([1.], shape=(1,), dtype=float32)
    """
    return 1.0 - erf(x)


def trunc(x: TensorLike) -> Tensor:
    """The whole part: rounded towards 0.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype, without gradient.

    Source: `keras.ops.trunc`.

    >>> trunc([1.7, -1.7])
    Tensor([ 1., -1.], shape=(2,), dtype=float32)
    """
    return without_gradient(np.trunc, x)


def divide_no_nan(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 / x2`, and 0 where `x2` is 0.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A float tensor in the broadcast shape; no gradient flows where `x2` is 0.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.divide_no_nan`.

    >>> divide_no_nan([1.0, 1.0], [2.0, 0.0])
    Tensor([0.5, 0. ], shape=(2,), dtype=float32)
    """
    x1, x2 = as_floats(x1, x2)
    empty = x2 == 0
    return where(empty, 0.0, x1 / where(empty, 1.0, x2))


def nan_to_num(
    x: TensorLike, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Finite numbers in the place of NaN and infinity.

    Args:
        x: tensor of any shape.
        nan: what stands for NaN.
        posinf: what stands for infinity; None means the largest number.
        neginf: what stands for minus infinity; None means the least number.

    Returns:
        A tensor of the same shape; no gradient flows where something was replaced.

    Source: `keras.ops.nan_to_num`.

    >>> nan_to_num([1.0, float("nan")])
    Tensor([1., 0.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    if x.dtype.kind != "f":
        return wrap(x.data)
    filled = wrap(np.asarray(np.nan_to_num(x.data, nan=nan, posinf=posinf, neginf=neginf)))
    return where(isfinite(x), where(isfinite(x), x, 0.0), filled)


def logical_xor(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where exactly one is true (not zero).

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Source: `keras.ops.logical_xor`.

    >>> logical_xor([True, False], True)
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    return without_gradient(np.logical_xor, x1, x2)


def isclose(
    x1: TensorLike, x2: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Where `|x1 - x2| <= atol + rtol * |x2|`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.
        rtol: share of `x2` that they may differ by.
        atol: amount that they may differ by.
        equal_nan: whether NaN equals NaN.

    Returns:
        A bool tensor.

    Source: `keras.ops.isclose`.

    >>> isclose([1.0, 2.0], [1.0, 2.1])
    Tensor([ True, False], shape=(2,), dtype=bool)
    """

    def close(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.isclose(a, b, rtol, atol, equal_nan)

    return without_gradient(close, x1, x2)


def allclose(
    x1: TensorLike, x2: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Whether all elements are close; see `isclose`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.
        rtol: share of `x2` that they may differ by.
        atol: amount that they may differ by.
        equal_nan: whether NaN equals NaN.

    Returns:
        A bool tensor without axes.

    Source: `keras.ops.allclose`.

    >>> bool(allclose([1.0], [1.0]))
    True
    """
    return all(isclose(x1, x2, rtol, atol, equal_nan))


def bitwise_and(x: TensorLike, y: TensorLike) -> Tensor:
    """Both bits, bit by bit.

    Args:
        x: integer or bool tensor.
        y: tensor whose shape broadcasts with that of `x`.

    Returns:
        An integer or bool tensor in the broadcast shape.

    Raises:
        TypeError: for floats.

    Source: `keras.ops.bitwise_and`.

    >>> int(bitwise_and(6, 3))
    2
    """
    return without_gradient(np.bitwise_and, x, y)


def bitwise_or(x: TensorLike, y: TensorLike) -> Tensor:
    """Either bit, bit by bit.

    Args:
        x: integer or bool tensor.
        y: tensor whose shape broadcasts with that of `x`.

    Returns:
        An integer or bool tensor in the broadcast shape.

    Raises:
        TypeError: for floats.

    Source: `keras.ops.bitwise_or`.

    >>> int(bitwise_or(6, 3))
    7
    """
    return without_gradient(np.bitwise_or, x, y)


def bitwise_xor(x: TensorLike, y: TensorLike) -> Tensor:
    """Exactly one bit, bit by bit.

    Args:
        x: integer or bool tensor.
        y: tensor whose shape broadcasts with that of `x`.

    Returns:
        An integer or bool tensor in the broadcast shape.

    Raises:
        TypeError: for floats.

    Source: `keras.ops.bitwise_xor`.

    >>> int(bitwise_xor(6, 3))
    5
    """
    return without_gradient(np.bitwise_xor, x, y)


def bitwise_not(x: TensorLike) -> Tensor:
    """All bits turned round.

    Args:
        x: integer or bool tensor.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        TypeError: for floats.

    Source: `keras.ops.bitwise_not`.

    >>> int(bitwise_not(6))
    -7
    """
    return without_gradient(np.invert, x)
