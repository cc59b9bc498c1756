"""Making tensors from numbers, and asking them for shape and dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minidl._tape import Tensor, as_floats, as_tensor
from minidl.ops._typing import DTypeLike, TensorLike
from minidl.ops.convert import convert_to_tensor, eye, zeros
from minidl.ops.indexing import one_hot
from minidl.ops.reduce import max
from minidl.ops.shape import broadcast_to, ravel, reshape


def _described(x: Any) -> Any:
    """What tells its shape and dtype: a symbolic tensor too."""
    return x if hasattr(x, "shape") and hasattr(x, "dtype") else as_tensor(x)


def linspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Tensor | tuple[Tensor, Tensor]:
    """Evenly spaced numbers.

    Args:
        start: the first number, or a tensor of them.
        stop: the last number.
        num: how many.
        endpoint: whether `stop` is one of them.
        retstep: whether the distance is returned too.
        dtype: the dtype; None means the default float.
        axis: the place of the new axis.

    Returns:
        A tensor with `num` numbers along `axis`, or a pair of it and the distance. No
        gradient flows.

    Raises:
        ValueError: if `num` is negative.

    Source: `keras.ops.linspace`.

    >>> linspace(0.0, 1.0, 3)
    Tensor([0. , 0.5, 1. ], shape=(3,), dtype=float32)
    """
    first, last = as_floats(start, stop)
    kind = np.dtype(dtype or first.dtype)
    values, step = np.linspace(
        first.data, last.data, num=num, endpoint=endpoint, retstep=True, axis=axis
    )
    numbers = Tensor(values.astype(kind))
    return (numbers, Tensor(np.asarray(step).astype(kind))) if retstep else numbers


def logspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Tensor:
    """Numbers whose logarithms are evenly spaced.

    Args:
        start: the logarithm of the first number.
        stop: the logarithm of the last number.
        num: how many.
        endpoint: whether the last one is among them.
        base: the base of the logarithms.
        dtype: the dtype; None means the default float.
        axis: the place of the new axis.

    Returns:
        A tensor with `num` numbers along `axis`.

    Source: `keras.ops.logspace`.

    >>> logspace(0.0, 2.0, 3)
    Tensor([  1.,  10., 100.], shape=(3,), dtype=float32)
    """
    first, last = as_floats(start, stop)
    values = np.logspace(first.data, last.data, num, endpoint, base, axis=axis)
    return Tensor(values.astype(dtype or first.dtype))


def identity(n: int, dtype: DTypeLike | None = None) -> Tensor:
    """The identity matrix.

    Args:
        n: number of rows and columns.
        dtype: the dtype; None means the default float.

    Returns:
        A tensor of shape (n, n).

    Source: `keras.ops.identity`.

    >>> identity(2)
    Tensor([[1., 0.],
            [0., 1.]], shape=(2, 2), dtype=float32)
    """
    return eye(n, dtype=dtype)


def empty(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Tensor:
    """A tensor whose values do not matter; they are zeros.

    Args:
        shape: its shape.
        dtype: the dtype; None means the default float.

    Returns:
        A tensor.

    Source: `keras.ops.empty`.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return zeros(shape, dtype)


def array(x: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """`x` as a Tensor.

    Args:
        x: a tensor, array, number or nested list.
        dtype: the dtype; None keeps that of arrays.

    Returns:
        A Tensor.

    Source: `keras.ops.array`.

    >>> array([1.0])
    Tensor([1.], shape=(1,), dtype=float32)
    """
    return convert_to_tensor(x, dtype)


def ndim(x: TensorLike) -> int:
    """The number of axes.

    Args:
        x: tensor of any shape.

    Returns:
        An int.

    Source: `keras.ops.ndim`.

    >>> ndim([[1.0]])
    2
    """
    return len(_described(x).shape)


def size(x: TensorLike) -> int:
    """The number of elements.

    Args:
        x: tensor of any shape.

    Returns:
        An int.

    Source: `keras.ops.size`.

    >>> size([[1.0, 2.0]])
    2
    """
    return as_tensor(x).size


def dtype(x: TensorLike) -> str:
    """The name of the dtype.

    Args:
        x: tensor of any shape.

    Returns:
        A string.

    Source: `keras.ops.dtype`.

    >>> dtype([1.0])
    'float32'
    """
    return str(_described(x).dtype)


def meshgrid(*x: TensorLike, indexing: str = "xy") -> list[Tensor]:
    """Tensors that together hold all combinations of coordinates.

    Args:
        x: tensors with one axis.
        indexing: "xy" gives the first tensor along the second axis (as columns), "ij" along
            the first.

    Returns:
        A list of tensors, as many as there are coordinates, all with one shape.

    Raises:
        ValueError: for another indexing.

    Source: `keras.ops.meshgrid`.

    >>> meshgrid([1, 2], [3, 4, 5])[0].shape
    (3, 2)
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"`indexing` must be 'xy' or 'ij'. Received: indexing={indexing!r}")
    flat = [ravel(v) for v in x]
    places = list(range(len(flat)))
    if indexing == "xy" and len(flat) > 1:
        places[:2] = [1, 0]
    shape = [1] * len(flat)
    for place, v in zip(places, flat, strict=True):
        shape[place] = v.size
    grids = []
    for place, v in zip(places, flat, strict=True):
        thin = [1] * len(flat)
        thin[place] = v.size
        grids.append(broadcast_to(reshape(v, thin), shape))
    return grids


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Tensor:
    """Ones on and below a diagonal.

    Args:
        N: number of rows.
        M: number of columns; None means N.
        k: the diagonal, above the main one where positive.
        dtype: the dtype; None means the default float.

    Returns:
        A tensor of shape (N, M).

    Source: `keras.ops.tri`.

    >>> tri(2)
    Tensor([[1., 0.],
            [1., 1.]], shape=(2, 2), dtype=float32)
    """
    return Tensor(np.tri(N, M, k, dtype=dtype or as_tensor(0.0).dtype))


def multi_hot(
    inputs: TensorLike, num_classes: int, axis: int = -1, dtype: DTypeLike | None = None
) -> Tensor:
    """Vectors that are 1 at all the given indices and 0 elsewhere.

    Args:
        inputs: integer tensor; the last axis of those before the new one holds the indices
            of one vector.
        num_classes: the length of the vectors.
        axis: the place of the classes.
        dtype: the dtype; None means float32.

    Returns:
        A tensor.

    Raises:
        TypeError: if the indices are no integers.

    Source: `keras.ops.multi_hot`.

    >>> multi_hot([[0, 2]], 3)
    Tensor([[1., 0., 1.]], shape=(1, 3), dtype=float32)
    """
    labels = as_tensor(inputs)
    hits = one_hot(labels, num_classes, axis, dtype)
    return max(hits, 1 if labels.ndim > 1 else 0)
