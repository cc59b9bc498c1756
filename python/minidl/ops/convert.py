"""Making tensors, and changing their dtype."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minidl._tape import Tensor, Variable, as_tensor, record, wrap
from minidl.ops._typing import DTypeLike, TensorLike
from minidl.ops.shape import copy

Shape = int | Sequence[int]


def _default_float() -> np.dtype:
    return as_tensor(0.0).dtype


def cast(x: TensorLike, dtype: DTypeLike) -> Tensor:
    """`x` in another dtype.

    Args:
        x: tensor of any shape.
        dtype: "float32", "float64", an integer dtype or "bool".

    Returns:
        A tensor of the same shape. Between floats the gradient is cast back.

    Raises:
        TypeError: for a dtype that minidl does not have.

    Source: `keras.ops.cast`.

    >>> cast([1.7, -1.7], "int32")
    Tensor([ 1, -1], shape=(2,), dtype=int32)
    """
    x = as_tensor(x)
    dtype = np.dtype(dtype)
    if x.dtype == dtype:
        return copy(x) if isinstance(x, Variable) else x
    y = Tensor(x.data, dtype)
    if x.dtype.kind != "f" or dtype.kind != "f":
        return y
    back = x.dtype
    return record(y, (x,), (lambda dy: cast(dy, back),))


def convert_to_tensor(x: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """`x` as a Tensor; arrays are not copied, Variables are.

    Args:
        x: a tensor, array, number or nested list.
        dtype: the dtype; None keeps that of arrays, and Python floats become float32.

    Returns:
        A Tensor.

    Raises:
        TypeError: for what is no array, and for dtypes that minidl does not have.

    Source: `keras.ops.convert_to_tensor`.

    >>> convert_to_tensor([[1, 2]], "float32")
    Tensor([[1., 2.]], shape=(1, 2), dtype=float32)
    """
    x = as_tensor(x)
    if dtype is not None:
        return cast(x, dtype)
    return copy(x) if isinstance(x, Variable) else x


def convert_to_numpy(x: TensorLike) -> np.ndarray:
    """`x` as a read-only ndarray, without a copy where it is a Tensor.

    Args:
        x: a tensor, array, number or nested list.

    Returns:
        An ndarray.

    Source: `keras.ops.convert_to_numpy`.

    >>> convert_to_numpy(zeros(2))
    array([0., 0.], dtype=float32)
    """
    return as_tensor(x).numpy()


def is_tensor(x: object) -> bool:
    """Whether `x` is a Tensor or Variable.

    Args:
        x: anything.

    Returns:
        A bool.

    Source: `keras.ops.is_tensor`.

    >>> is_tensor([1.0])
    False
    """
    return isinstance(x, Tensor)


def shape(x: TensorLike) -> tuple[int, ...]:
    """The shape of `x`.

    Args:
        x: tensor of any shape.

    Returns:
        A tuple of int.

    Source: `keras.ops.shape`.

    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    return as_tensor(x).shape


def stop_gradient(variable: TensorLike) -> Tensor:
    """`variable` as a constant, through which no gradient flows.

    Args:
        variable: tensor of any shape.

    Returns:
        A tensor of the same values.

    Source: `keras.ops.stop_gradient`.

    >>> stop_gradient([1.0])
    Tensor([1.], shape=(1,), dtype=float32)
    """
    x = as_tensor(variable)
    return wrap(x.data.copy() if isinstance(x, Variable) else x.data)


def zeros(shape: Shape, dtype: DTypeLike | None = None) -> Tensor:
    """A tensor of zeros.

    Args:
        shape: its shape.
        dtype: its dtype; None means the default float.

    Returns:
        A tensor.

    Source: `keras.ops.zeros`.

    >>> zeros((1, 2))
    Tensor([[0., 0.]], shape=(1, 2), dtype=float32)
    """
    return Tensor(np.zeros(shape, dtype or _default_float()))


def ones(shape: Shape, dtype: DTypeLike | None = None) -> Tensor:
    """A tensor of ones.

    Args:
        shape: its shape.
        dtype: its dtype; None means the default float.

    Returns:
        A tensor.

    Source: `keras.ops.ones`.

    >>> ones((1, 2))
    Tensor([[1., 1.]], shape=(1, 2), dtype=float32)
    """
    return Tensor(np.ones(shape, dtype or _default_float()))


def full(shape: Shape, fill_value: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """A tensor filled with one value.

    Args:
        shape: its shape.
        fill_value: the value, or a tensor that broadcasts to the shape.
        dtype: its dtype; None means that of the value.

    Returns:
        A tensor.

    Source: `keras.ops.full`.

    >>> full(2, 7.0)
    Tensor([7., 7.], shape=(2,), dtype=float32)
    """
    value = as_tensor(fill_value)
    return Tensor(np.full(shape, value.data, dtype or value.dtype))


def zeros_like(x: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """Zeros in the shape of `x`.

    Args:
        x: tensor of any shape.
        dtype: the dtype; None means that of `x`.

    Returns:
        A tensor.

    Source: `keras.ops.zeros_like`.

    >>> zeros_like([1.0, 2.0])
    Tensor([0., 0.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    return zeros(x.shape, dtype or x.dtype)


def ones_like(x: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """Ones in the shape of `x`.

    Args:
        x: tensor of any shape.
        dtype: the dtype; None means that of `x`.

    Returns:
        A tensor.

    Source: `keras.ops.ones_like`.

    >>> ones_like([1.0, 2.0])
    Tensor([1., 1.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    return ones(x.shape, dtype or x.dtype)


def full_like(x: TensorLike, fill_value: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """One value in the shape of `x`.

    Args:
        x: tensor of any shape.
        fill_value: the value.
        dtype: the dtype; None means that of `x`.

    Returns:
        A tensor.

    Source: `keras.ops.full_like`.

    >>> full_like([1.0, 2.0], 3)
    Tensor([3., 3.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    return full(x.shape, fill_value, dtype or x.dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Tensor:
    """Ones on a diagonal.

    Args:
        N: number of rows.
        M: number of columns; None means N.
        k: the diagonal, above the main one where positive.
        dtype: the dtype; None means the default float.

    Returns:
        A tensor of shape (N, M).

    Source: `keras.ops.eye`.

    >>> eye(2)
    Tensor([[1., 0.],
            [0., 1.]], shape=(2, 2), dtype=float32)
    """
    return Tensor(np.eye(N, M, k, dtype=dtype or _default_float()))


def arange(
    start: float,
    stop: float | None = None,
    step: float | None = None,
    dtype: DTypeLike | None = None,
) -> Tensor:
    """Evenly spaced numbers in [start, stop).

    Args:
        start: the first number, or with `stop` None the end of a range from 0.
        stop: the end, not included.
        step: the distance; None means 1.
        dtype: the dtype; None means int32 for integers, else the default float.

    Returns:
        A tensor with one axis.

    Source: `keras.ops.arange`.

    >>> arange(3)
    Tensor([0, 1, 2], shape=(3,), dtype=int32)
    """
    step = 1 if step is None else step
    if dtype is None:
        whole = all(isinstance(v, int) for v in (start, step) + (() if stop is None else (stop,)))
        dtype = "int32" if whole else _default_float()
    values = np.arange(start, step=step) if stop is None else np.arange(start, stop, step)
    return Tensor(values.astype(dtype))
