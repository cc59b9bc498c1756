"""Ops that rearrange elements. Where NumPy can, the result is a view: tensors do not change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minidl._tape import IDENTITY, Tensor, Variable, as_tensor, record, wrap
from minidl.ops._checks import normalize_axes, normalize_axis
from minidl.ops._typing import Axis, TensorLike


def _values(x: Tensor) -> np.ndarray:
    """The array to take views of; a variable's own may change later, so a copy of that."""
    return x.data.copy() if isinstance(x, Variable) else x.data


def copy(x: TensorLike) -> Tensor:
    """A copy of `x` that later changes of a Variable or array leave alone.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the same shape and dtype; the gradient passes unchanged.

    Source: `keras.ops.copy`.

    >>> copy([1.0, 2.0])
    Tensor([1., 2.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    return record(x.data.copy(), (x,), (IDENTITY,))


def reshape(x: TensorLike, newshape: int | Sequence[int]) -> Tensor:
    """The same elements in another shape.

    Args:
        x: tensor of any shape.
        newshape: the shape; one entry may be -1, to be computed.

    Returns:
        A tensor of shape `newshape`.

    Raises:
        ValueError: if the number of elements differs.

    Source: `keras.ops.reshape`.

    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    Tensor([[1., 2.],
            [3., 4.]], shape=(2, 2), dtype=float32)
    """
    x = as_tensor(x)
    try:
        y = _values(x).reshape(newshape)
    except ValueError:
        raise ValueError(
            f"Cannot reshape a tensor of shape {x.shape} ({x.size} elements). "
            f"Received: newshape={newshape}"
        ) from None
    shape = x.shape
    return record(y, (x,), (lambda dy: reshape(dy, shape),))


def ravel(x: TensorLike) -> Tensor:
    """All elements along one axis.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of shape `(x.size,)`.

    Source: `keras.ops.ravel`.

    >>> ravel([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 2., 3., 4.], shape=(4,), dtype=float32)
    """
    return reshape(x, (-1,))


def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """The tensor with its axes in another order.

    Args:
        x: tensor of any shape.
        axes: for each axis of the result, the axis of `x` it comes from; None reverses them.

    Returns:
        A tensor of the permuted shape.

    Raises:
        ValueError: if `axes` is no permutation of the axes of `x`.

    Source: `keras.ops.transpose`.

    >>> transpose([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 3.],
            [2., 4.]], shape=(2, 2), dtype=float32)
    """
    x = as_tensor(x)
    order = tuple(range(x.ndim))[::-1] if axes is None else tuple(axes)
    if sorted(a % x.ndim if -x.ndim <= a < x.ndim else -1 for a in order) != list(range(x.ndim)):
        raise ValueError(
            f"`axes` must be a permutation of the {x.ndim} axes of `x`. Received: axes={axes}"
        )
    order = tuple(a % x.ndim for a in order)
    back = tuple(int(i) for i in np.argsort(order))
    return record(_values(x).transpose(order), (x,), (lambda dy: transpose(dy, back),))


def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """The tensor with two axes exchanged.

    Args:
        x: tensor of any shape.
        axis1: an axis.
        axis2: the other axis.

    Returns:
        A tensor of the permuted shape.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.swapaxes`.

    >>> swapaxes([[1.0, 2.0, 3.0]], 0, 1).shape
    (3, 1)
    """
    x = as_tensor(x)
    a = normalize_axis(axis1, x.ndim, "axis1")
    b = normalize_axis(axis2, x.ndim, "axis2")
    order = list(range(x.ndim))
    order[a], order[b] = b, a
    return transpose(x, order)


def moveaxis(
    x: TensorLike, source: int | Sequence[int], destination: int | Sequence[int]
) -> Tensor:
    """The tensor with some axes moved, the others in their order.

    Args:
        x: tensor of any shape.
        source: the axis or axes to move.
        destination: where to.

    Returns:
        A tensor of the permuted shape.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.moveaxis`.

    >>> moveaxis([[[1.0, 2.0, 3.0]]], -1, 0).shape
    (3, 1, 1)
    """
    x = as_tensor(x)
    sources = [source] if isinstance(source, int) else list(source)
    targets = [destination] if isinstance(destination, int) else list(destination)
    sources = [normalize_axis(a, x.ndim, "source") for a in sources]
    targets = [normalize_axis(a, x.ndim, "destination") for a in targets]
    order = [a for a in range(x.ndim) if a not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return transpose(x, order)


def expand_dims(x: TensorLike, axis: int | Sequence[int]) -> Tensor:
    """The tensor with further axes of size 1.

    Args:
        x: tensor of any shape.
        axis: the place, or places, of the new axes in the result.

    Returns:
        A tensor with more axes.

    Raises:
        ValueError: if the result would have no such axis.

    Source: `keras.ops.expand_dims`.

    >>> expand_dims([1.0, 2.0], -1).shape
    (2, 1)
    """
    x = as_tensor(x)
    places = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    ndim = x.ndim + len(places)
    places = normalize_axes(places, ndim)
    rest = iter(x.shape)
    return reshape(x, tuple(1 if i in places else next(rest) for i in range(ndim)))


def squeeze(x: TensorLike, axis: Axis = None) -> Tensor:
    """The tensor without axes of size 1.

    Args:
        x: tensor of any shape.
        axis: the axis or axes to drop; None drops all of size 1.

    Returns:
        A tensor with fewer axes.

    Raises:
        ValueError: if an axis to drop has another size.

    Source: `keras.ops.squeeze`.

    >>> squeeze([[1.0, 2.0]], 0).shape
    (2,)
    """
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if axis is not None and any(x.shape[i] != 1 for i in axes):
        raise ValueError(
            f"Only axes of size 1 can be squeezed. Received: axis={axis} for shape {x.shape}"
        )
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in axes))


def broadcast_to(x: TensorLike, shape: Sequence[int]) -> Tensor:
    """`x` repeated along axes of size 1 and new leading axes.

    Args:
        x: tensor of any shape.
        shape: a shape that the one of `x` broadcasts to.

    Returns:
        A tensor of shape `shape`.

    Raises:
        ValueError: if the shapes do not fit.

    Source: `keras.ops.broadcast_to`.

    >>> broadcast_to([1.0, 2.0], (2, 2))
    Tensor([[1., 2.],
            [1., 2.]], shape=(2, 2), dtype=float32)
    """
    x = as_tensor(x)
    y = np.ascontiguousarray(np.broadcast_to(x.data, tuple(shape)))
    y = y.reshape(tuple(shape))  # ascontiguousarray gives arrays without axes one
    return record(y, (x,), (IDENTITY,), (), True)


def flip(x: TensorLike, axis: Axis = None) -> Tensor:
    """The tensor with the order along axes reversed.

    Args:
        x: tensor of any shape.
        axis: the axis or axes; None means all.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.flip`.

    >>> flip([1.0, 2.0])
    Tensor([2., 1.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    return record(np.flip(_values(x), axes), (x,), (lambda dy: flip(dy, axes),))


def getitem(x: TensorLike, key) -> Tensor:
    """`x[key]` with NumPy's rules of indexing.

    Args:
        x: tensor of any shape.
        key: integers, slices, None, Ellipsis, integer or bool arrays, or a tuple of them.

    Returns:
        The selected elements.

    Raises:
        IndexError: if an index lies outside.

    Source: `numpy.ndarray.__getitem__`.

    >>> getitem([[1.0, 2.0], [3.0, 4.0]], (..., 1))
    Tensor([2., 4.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    key = _plain_key(key)
    y = np.asarray(_values(x)[key])
    shape = x.shape
    return record(y, (x,), (lambda dy: _scatter(dy, shape, key),))


def _plain_key(key):
    """The key with tensors turned into arrays; lists are index arrays too."""
    if isinstance(key, tuple):
        return tuple(_plain_key(k) for k in key)
    if isinstance(key, Tensor):
        return key.data
    return np.asarray(key) if isinstance(key, list) else key


def _scatter(dy: Tensor, shape: tuple[int, ...], key) -> Tensor:
    """The gradient of `getitem`: `dy` added at the selected places of zeros."""
    dx = np.zeros(shape, dy.dtype)
    keys = key if isinstance(key, tuple) else (key,)
    if any(isinstance(k, np.ndarray) for k in keys):
        np.add.at(dx, key, dy.data)
    else:
        dx[key] = dy.data
    return record(wrap(dx), (dy,), (lambda ddx: getitem(ddx, key),))
