"""Comparisons, logic and tests of values: they give bool tensors, and no gradient."""

from __future__ import annotations

import numpy as np

from minidl._tape import Tensor
from minidl.ops._numpy import without_gradient
from minidl.ops._typing import TensorLike


def equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where `x1 == x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.equal`.

    >>> equal([1, 2], 2)
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    return without_gradient(np.equal, x1, x2)


def not_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where `x1 != x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.not_equal`.

    >>> not_equal([1, 2], 2)
    Tensor([ True, False], shape=(2,), dtype=bool)
    """
    return without_gradient(np.not_equal, x1, x2)


def greater(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where `x1 > x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.greater`.

    >>> greater([1, 3], 2)
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    return without_gradient(np.greater, x1, x2)


def greater_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where `x1 >= x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.greater_equal`.

    >>> greater_equal([1, 2], 2)
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    return without_gradient(np.greater_equal, x1, x2)


def less(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where `x1 < x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.less`.

    >>> less([1, 2], 2)
    Tensor([ True, False], shape=(2,), dtype=bool)
    """
    return without_gradient(np.less, x1, x2)


def less_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where `x1 <= x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.less_equal`.

    >>> less_equal([1, 3], 2)
    Tensor([ True, False], shape=(2,), dtype=bool)
    """
    return without_gradient(np.less_equal, x1, x2)


def logical_and(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where both are true (not zero).

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Source: `keras.ops.logical_and`.

    >>> logical_and([True, False], True)
    Tensor([ True, False], shape=(2,), dtype=bool)
    """
    return without_gradient(np.logical_and, x1, x2)


def logical_or(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Where either is true (not zero).

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        A bool tensor.

    Source: `keras.ops.logical_or`.

    >>> logical_or([True, False], False)
    Tensor([ True, False], shape=(2,), dtype=bool)
    """
    return without_gradient(np.logical_or, x1, x2)


def logical_not(x: TensorLike) -> Tensor:
    """Where `x` is false (zero).

    Args:
        x: tensor of any shape.

    Returns:
        A bool tensor of the same shape.

    Source: `keras.ops.logical_not`.

    >>> logical_not([True, False])
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    return without_gradient(np.logical_not, x)


def isnan(x: TensorLike) -> Tensor:
    """Where `x` is not a number.

    Args:
        x: tensor of any shape.

    Returns:
        A bool tensor of the same shape.

    Source: `keras.ops.isnan`.

    >>> isnan([1.0, float("nan")])
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    return without_gradient(np.isnan, x)


def isinf(x: TensorLike) -> Tensor:
    """Where `x` is infinite.

    Args:
        x: tensor of any shape.

    Returns:
        A bool tensor of the same shape.

    Source: `keras.ops.isinf`.

    >>> isinf([1.0, float("-inf")])
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    return without_gradient(np.isinf, x)


def isfinite(x: TensorLike) -> Tensor:
    """Where `x` is neither infinite nor NaN.

    Args:
        x: tensor of any shape.

    Returns:
        A bool tensor of the same shape.

    Source: `keras.ops.isfinite`.

    >>> isfinite([1.0, float("inf")])
    Tensor([ True, False], shape=(2,), dtype=bool)
    """
    return without_gradient(np.isfinite, x)
