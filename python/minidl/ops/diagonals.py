"""Diagonals and triangles of matrices, and quarter turns."""

from __future__ import annotations

import numpy as np

from minidl._tape import Tensor, as_tensor
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import TensorLike
from minidl.ops.indexing import where
from minidl.ops.placing import scatter
from minidl.ops.reduce import sum
from minidl.ops.shape import flip, getitem, moveaxis, swapaxes


def _triangle(x: TensorLike, k: int, lower: bool) -> Tensor:
    x = as_tensor(x)
    if x.ndim < 2:
        raise ValueError(f"Triangles are parts of matrices: two axes or more. Received: {x.shape}")
    mask = np.tri(x.shape[-2], x.shape[-1], k if lower else k - 1, dtype=bool)
    return where(mask if lower else ~mask, x, np.zeros((), x.dtype))


def diagonal(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The elements on a diagonal.

    Args:
        x: tensor with two axes or more.
        offset: the diagonal, above the main one where positive.
        axis1: the axis of the rows.
        axis2: the axis of the columns.

    Returns:
        A tensor without these axes, and the diagonal as its last one.

    Raises:
        ValueError: if `x` has no such axes.

    Source: `keras.ops.diagonal`.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 4.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    first, second = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    if first == second:
        raise ValueError(f"`axis1` and `axis2` must differ. Received: {axis1}, {axis2}")
    x = moveaxis(x, (first, second), (-2, -1))
    down, right = max(-offset, 0), max(offset, 0)
    count = max(0, min(x.shape[-2] - down, x.shape[-1] - right))
    rows = np.arange(count)
    return getitem(x, (Ellipsis, rows + down, rows + right))


def diag(x: TensorLike, k: int = 0) -> Tensor:
    """The diagonal of a matrix, or a matrix with the given diagonal.

    Args:
        x: tensor with one axis or two.
        k: the diagonal, above the main one where positive.

    Returns:
        A tensor with two axes, or one.

    Raises:
        ValueError: for more axes.

    Source: `keras.ops.diag`.

    >>> diag([1.0, 2.0])
    Tensor([[1., 0.],
            [0., 2.]], shape=(2, 2), dtype=float32)
    """
    x = as_tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"`diag` takes one axis or two. Received: shape {x.shape}")
    n = x.shape[0] + abs(k)
    rows = np.arange(x.shape[0])
    places = np.stack([rows - min(k, 0), rows + max(k, 0)], -1)
    return scatter(places, x, (n, n))


def trace(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum of a diagonal.

    Args:
        x: tensor with two axes or more.
        offset: the diagonal, above the main one where positive.
        axis1: the axis of the rows.
        axis2: the axis of the columns.

    Returns:
        A tensor without these axes.

    Raises:
        ValueError: if `x` has no such axes.

    Source: `keras.ops.trace`.

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    Tensor(5., shape=(), dtype=float32)
    """
    return sum(diagonal(x, offset, axis1, axis2), -1)


def tril(x: TensorLike, k: int = 0) -> Tensor:
    """The part of matrices on and below a diagonal, zeros above.

    Args:
        x: tensor with two axes or more, the last two those of the matrices.
        k: the diagonal, above the main one where positive.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: for fewer axes.

    Source: `keras.ops.tril`.

    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 0.],
            [3., 4.]], shape=(2, 2), dtype=float32)
    """
    return _triangle(x, k, lower=True)


def triu(x: TensorLike, k: int = 0) -> Tensor:
    """The part of matrices on and above a diagonal, zeros below.

    Args:
        x: tensor with two axes or more, the last two those of the matrices.
        k: the diagonal, above the main one where positive.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: for fewer axes.

    Source: `keras.ops.triu`.

    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 2.],
            [0., 4.]], shape=(2, 2), dtype=float32)
    """
    return _triangle(x, k, lower=False)


def rot90(array: TensorLike, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """A tensor turned by quarter turns in the plane of two axes.

    Args:
        array: tensor with two axes or more.
        k: how many quarter turns, from the first axis towards the second.
        axes: the two axes.

    Returns:
        The turned tensor.

    Raises:
        ValueError: if the axes are no two.

    Source: `keras.ops.rot90`.

    >>> rot90([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[2., 4.],
            [1., 3.]], shape=(2, 2), dtype=float32)
    """
    x = as_tensor(array)
    first, second = (normalize_axis(a, x.ndim) for a in axes)
    if first == second:
        raise ValueError(f"`axes` must name two axes. Received: axes={axes}")
    if k % 4 == 2:
        return flip(x, (first, second))
    if k % 4 == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second) if k % 4 == 3 else x
