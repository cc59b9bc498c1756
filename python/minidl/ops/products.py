"""Sums of products over chosen axes, and joining by other names."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minidl._tape import Tensor, as_tensor, pair
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import multiply
from minidl.ops.joining import concatenate, split
from minidl.ops.matmul import matmul
from minidl.ops.shape import expand_dims, moveaxis, ravel, reshape, transpose


def dot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The sum of products over the last axis of `x1` and the second to last (or only) one of `x2`.

    Args:
        x1: tensor.
        x2: tensor.

    Returns:
        A tensor with the remaining axes of both.

    Raises:
        ValueError: if the sizes differ.

    Source: `keras.ops.dot`.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    Tensor(11., shape=(), dtype=float32)
    """
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if not x1.ndim or not x2.ndim:
        return multiply(x1, x2)
    return tensordot(x1, x2, ((x1.ndim - 1,), (builtins.max(x2.ndim - 2, 0),)))


def vdot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The sum of products of all elements.

    Args:
        x1: tensor.
        x2: tensor with as many elements.

    Returns:
        A tensor without axes.

    Raises:
        ValueError: if the sizes differ.

    Source: `keras.ops.vdot`.

    >>> vdot([[1.0, 2.0]], [[3.0], [4.0]])
    Tensor(11., shape=(), dtype=float32)
    """
    return dot(ravel(x1), ravel(x2))


def inner(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The sum of products over the last axes.

    Args:
        x1: tensor.
        x2: tensor.

    Returns:
        A tensor with the remaining axes of both.

    Raises:
        ValueError: if the sizes differ.

    Source: `keras.ops.inner`.

    >>> inner([1.0, 2.0], [3.0, 4.0])
    Tensor(11., shape=(), dtype=float32)
    """
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if not x1.ndim or not x2.ndim:
        return multiply(x1, x2)
    return tensordot(x1, x2, ((x1.ndim - 1,), (x2.ndim - 1,)))


def outer(x1: TensorLike, x2: TensorLike) -> Tensor:
    """All products of an element of `x1` and one of `x2`.

    Args:
        x1: tensor, flattened.
        x2: tensor, flattened.

    Returns:
        A tensor of shape (elements of `x1`, elements of `x2`).

    Source: `keras.ops.outer`.

    >>> outer([1.0, 2.0], [3.0, 4.0])
    Tensor([[3., 4.],
            [6., 8.]], shape=(2, 2), dtype=float32)
    """
    return multiply(expand_dims(ravel(x1), 1), ravel(x2))


def tensordot(x1: TensorLike, x2: TensorLike, axes: int | Sequence = 2) -> Tensor:
    """The sum of products over chosen axes.

    Args:
        x1: tensor.
        x2: tensor.
        axes: a number n: the last n axes of `x1` and the first n of `x2`; or two axes or
            lists of axes, one a tensor.

    Returns:
        A tensor with the remaining axes of `x1`, then those of `x2`.

    Raises:
        ValueError: if the sizes differ.

    Source: `keras.ops.tensordot`.

    >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], 1)
    Tensor([[11.]], shape=(1, 1), dtype=float32)
    """
    x1, x2 = pair(x1, x2)
    if isinstance(axes, int):
        first: Any = range(x1.ndim - axes, x1.ndim)
        second: Any = range(axes)
    else:
        first, second = ((a,) if isinstance(a, int) else tuple(a) for a in axes)
    first = tuple(normalize_axis(a, x1.ndim) for a in first)
    second = tuple(normalize_axis(a, x2.ndim) for a in second)
    sizes = [x1.shape[a] for a in first]
    if sizes != [x2.shape[a] for a in second]:
        raise ValueError(
            "The sizes along the summed axes must be equal. "
            f"Received: shapes {x1.shape} and {x2.shape}, axes={axes}"
        )
    left = [a for a in range(x1.ndim) if a not in first]
    right = [a for a in range(x2.ndim) if a not in second]
    count = math.prod(sizes)
    shape = [x1.shape[a] for a in left] + [x2.shape[a] for a in right]
    rows = math.prod(shape[: len(left)])
    columns = math.prod(shape[len(left) :])
    product = matmul(
        reshape(transpose(x1, (*left, *first)), (rows, count)),
        reshape(transpose(x2, (*second, *right)), (count, columns)),
    )
    return reshape(product, shape)


def cross(
    x1: TensorLike,
    x2: TensorLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """The cross product of vectors with three entries.

    Args:
        x1: tensor with an axis of size 3.
        x2: tensor of the same kind.
        axisa: the axis of the vectors of `x1`.
        axisb: the axis of the vectors of `x2`.
        axisc: the axis of the result's vectors.
        axis: one axis for all three.

    Returns:
        The vectors at right angles to both.

    Raises:
        ValueError: if vectors have not three entries.

    Source: `keras.ops.cross`.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Tensor([0., 0., 1.], shape=(3,), dtype=float32)
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(
            f"Vectors need 3 entries. Received: shapes {as_tensor(x1).shape}, {as_tensor(x2).shape}"
        )
    ahead, back = [1, 2, 0], [2, 0, 1]
    y = a[..., ahead] * b[..., back] - a[..., back] * b[..., ahead]
    return moveaxis(y, -1, axisc)


def hstack(xs: Sequence[TensorLike]) -> Tensor:
    """Tensors joined along the second axis (the first where there is one only).

    Args:
        xs: tensors.

    Returns:
        The joined tensor.

    Raises:
        ValueError: if the shapes do not fit.

    Source: `keras.ops.hstack`.

    >>> hstack([[1.0], [2.0]])
    Tensor([1., 2.], shape=(2,), dtype=float32)
    """
    tensors = [as_tensor(x) for x in xs]
    tensors = [reshape(t, (1,)) if not t.ndim else t for t in tensors]
    return concatenate(tensors, 0 if tensors and tensors[0].ndim == 1 else 1)


def vstack(xs: Sequence[TensorLike]) -> Tensor:
    """Tensors joined along the first axis, vectors as rows.

    Args:
        xs: tensors.

    Returns:
        The joined tensor.

    Raises:
        ValueError: if the shapes do not fit.

    Source: `keras.ops.vstack`.

    >>> vstack([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    tensors = [as_tensor(x) for x in xs]
    return concatenate([reshape(t, (1, -1)) if t.ndim < 2 else t for t in tensors], 0)


def append(x1: TensorLike, x2: TensorLike, axis: int | None = None) -> Tensor:
    """`x2` behind `x1`.

    Args:
        x1: tensor.
        x2: tensor.
        axis: the axis; None joins the flattened tensors.

    Returns:
        The joined tensor.

    Raises:
        ValueError: if the shapes do not fit.

    Source: `keras.ops.append`.

    >>> append([1.0], [2.0])
    Tensor([1., 2.], shape=(2,), dtype=float32)
    """
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)])
    return concatenate([x1, x2], axis)


def array_split(
    x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0
) -> list[Tensor]:
    """Parts along an axis, of nearly one size.

    Args:
        x: tensor of any shape.
        indices_or_sections: the number of parts, or the indices at which new parts start.
        axis: the axis.

    Returns:
        A list of tensors; the first ones may be larger by 1.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.array_split`.

    >>> [part.shape for part in array_split([1.0, 2.0, 3.0], 2)]
    [(2,), (1,)]
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim)
    if not isinstance(indices_or_sections, int):
        return split(x, indices_or_sections, axis)
    if indices_or_sections < 1:
        raise ValueError(f"There must be at least one part. Received: {indices_or_sections}")
    size, larger = divmod(x.shape[axis], indices_or_sections)
    sizes = [size + (i < larger) for i in range(indices_or_sections)]
    return split(x, np.cumsum(sizes)[:-1].tolist(), axis)
