"""Arithmetic and the elementary functions, element by element.

The operators of Tensor are these functions. Two operands broadcast as in NumPy and must have one
float dtype; Python numbers and integers take the other operand's.
"""

from __future__ import annotations

import math

import numpy as np

from minidl import _core
from minidl._tape import IDENTITY, BinaryOp, Tensor, as_float, as_tensor, record, wrap
from minidl.ops._typing import TensorLike

_add = BinaryOp(_core.add, np.add, (IDENTITY, IDENTITY), save=False)
_subtract = BinaryOp(_core.subtract, np.subtract, (IDENTITY, lambda dy: -dy), save=False)
_multiply = BinaryOp(
    _core.multiply, np.multiply, (lambda dy, x1, x2: dy * x2, lambda dy, x1, x2: dy * x1)
)
_divide = BinaryOp(
    _core.divide,
    np.true_divide,
    (lambda dy, x1, x2: dy / x2, lambda dy, x1, x2: -dy * x1 / (x2 * x2)),
)
# Where both are equal the first takes the gradient, as in TensorFlow.
_maximum = BinaryOp(
    _core.maximum,
    np.maximum,
    (lambda dy, x1, x2: dy * _mask(x1 >= x2, dy), lambda dy, x1, x2: dy * _mask(x1 < x2, dy)),
)
_minimum = BinaryOp(
    _core.minimum,
    np.minimum,
    (lambda dy, x1, x2: dy * _mask(x1 <= x2, dy), lambda dy, x1, x2: dy * _mask(x1 > x2, dy)),
)


def _unary(kernel, fallback, x: TensorLike, gradient, save: bool = True) -> Tensor:
    """A function that keeps the dtype: by its kernel, or by NumPy for integers."""
    x = as_tensor(x)
    if x.dtype.kind != "f":
        return wrap(np.asarray(fallback(x.data)))
    return record(kernel(x.data), (x,), (gradient,), (x,) if save else ())


def _from_input(kernel, x: TensorLike, gradient) -> Tensor:
    """A function to floats whose gradient is told by its input."""
    x = as_float(x)
    return record(kernel(x.data), (x,), (gradient,), (x,))


def _from_output(kernel, x: TensorLike, gradient) -> Tensor:
    """A function to floats whose gradient is told by its output."""
    x = as_float(x)
    y = wrap(kernel(x.data))
    return record(y, (x,), (gradient,), (y,))


def _mask(condition: Tensor, like: Tensor) -> Tensor:
    return wrap(condition.data.astype(like.dtype))


def add(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 + x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The sum, in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.add`.

    >>> add([1.0, 2.0], 1)
    Tensor([2., 3.], shape=(2,), dtype=float32)
    """
    return _add(x1, x2)


def subtract(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 - x2`.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The difference, in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.subtract`.

    >>> subtract([1.0, 2.0], 1)
    Tensor([0., 1.], shape=(2,), dtype=float32)
    """
    return _subtract(x1, x2)


def multiply(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 * x2`, element by element.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The product, in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.multiply`.

    >>> multiply([1.0, 2.0], [[2.0], [3.0]])
    Tensor([[2., 4.],
            [3., 6.]], shape=(2, 2), dtype=float32)
    """
    return _multiply(x1, x2)


def divide(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 / x2`; two integers give a float.

    Args:
        x1: tensor.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The quotient, in the broadcast shape; by zero it is inf or NaN.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.divide`.

    >>> divide([1.0, 2.0], 4)
    Tensor([0.25, 0.5 ], shape=(2,), dtype=float32)
    """
    return _divide(x1, x2)


true_divide = divide


def maximum(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The larger of `x1` and `x2`; NaN where either is NaN.

    Args:
        x1: tensor; takes the gradient where both are equal.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The maximum, in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.maximum`.

    >>> maximum([1.0, -2.0], 0)
    Tensor([1., 0.], shape=(2,), dtype=float32)
    """
    return _maximum(x1, x2)


def minimum(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The smaller of `x1` and `x2`; NaN where either is NaN.

    Args:
        x1: tensor; takes the gradient where both are equal.
        x2: tensor whose shape broadcasts with that of `x1`.

    Returns:
        The minimum, in the broadcast shape.

    Raises:
        TypeError: for float32 beside float64.

    Source: `keras.ops.minimum`.

    >>> minimum([1.0, -2.0], 0)
    Tensor([ 0., -2.], shape=(2,), dtype=float32)
    """
    return _minimum(x1, x2)


def negative(x: TensorLike) -> Tensor:
    """`-x`.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        TypeError: for a bool tensor.

    Source: `keras.ops.negative`.

    >>> negative([1.0, -2.0])
    Tensor([-1.,  2.], shape=(2,), dtype=float32)
    """
    return _unary(_core.negative, np.negative, x, negative, save=False)


def absolute(x: TensorLike) -> Tensor:
    """The absolute value.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype. The gradient at 0 is 0.

    Source: `keras.ops.absolute`.

    >>> absolute([1.0, -2.0])
    Tensor([1., 2.], shape=(2,), dtype=float32)
    """
    return _unary(_core.absolute, np.absolute, x, lambda dy, x: dy * sign(x))


abs = absolute


def exp(x: TensorLike) -> Tensor:
    """e to the power `x`.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.exp`.

    >>> exp([0.0, 1.0])
    Tensor([1.       , 2.7182817], shape=(2,), dtype=float32)
    """
    return _from_output(_core.exp, x, lambda dy, y: dy * y)


def expm1(x: TensorLike) -> Tensor:
    """`exp(x) - 1`, precise for small `x`.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.expm1`.

    >>> expm1([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _from_output(_core.expm1, x, lambda dy, y: dy * (y + 1))


def log(x: TensorLike) -> Tensor:
    """The natural logarithm.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape: -inf at 0 and NaN below.

    Source: `keras.ops.log`.

    >>> log([1.0, 2.0])
    Tensor([0.       , 0.6931472], shape=(2,), dtype=float32)
    """
    return _from_input(_core.log, x, lambda dy, x: dy / x)


def log1p(x: TensorLike) -> Tensor:
    """`log(1 + x)`, precise for small `x`.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.log1p`.

    >>> log1p([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    return _from_input(_core.log1p, x, lambda dy, x: dy / (x + 1))


def erf(x: TensorLike) -> Tensor:
    """The error function of Gauss.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.erf`.

    >>> erf([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    scale = 2 / math.sqrt(math.pi)
    return _from_input(_core.erf, x, lambda dy, x: dy * (exp(negative(square(x))) * scale))


def sqrt(x: TensorLike) -> Tensor:
    """The square root.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape, NaN below 0.

    Source: `keras.ops.sqrt`.

    >>> sqrt([4.0, 9.0])
    Tensor([2., 3.], shape=(2,), dtype=float32)
    """
    return _from_output(_core.sqrt, x, lambda dy, y: dy * 0.5 / y)


def rsqrt(x: TensorLike) -> Tensor:
    """One over the square root.

    Args:
        x: tensor of any shape.

    Returns:
        A float tensor of the same shape.

    Source: `keras.ops.rsqrt`.

    >>> rsqrt([4.0, 16.0])
    Tensor([0.5 , 0.25], shape=(2,), dtype=float32)
    """
    return _from_output(_core.rsqrt, x, lambda dy, y: dy * -0.5 * y * y * y)


def square(x: TensorLike) -> Tensor:
    """`x` times itself.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    Source: `keras.ops.square`.

    >>> square([2.0, -3.0])
    Tensor([4., 9.], shape=(2,), dtype=float32)
    """
    return _unary(_core.square, np.square, x, lambda dy, x: dy * (x * 2))


def sign(x: TensorLike) -> Tensor:
    """-1, 0 or 1 by the sign; its gradient is zero.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    Source: `keras.ops.sign`.

    >>> sign([2.0, 0.0, -3.0])
    Tensor([ 1.,  0., -1.], shape=(3,), dtype=float32)
    """
    return wrap(np.asarray(np.sign(as_tensor(x).data)))
