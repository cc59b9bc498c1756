"""Ops that rearrange elements. Where NumPy can, the result is a view: tensors do not change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from minidl._tape import IDENTITY, Tensor, Variable, as_floats, as_tensor, record, wrap
from minidl.ops._shapes import normalize_axes, normalize_axis
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


def concatenate(xs: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Tensors joined along an axis.

    Args:
        xs: tensors of one dtype whose shapes differ at most along `axis`.
        axis: the axis.

    Returns:
        The joined tensor.

    Raises:
        ValueError: if there are none, or their shapes do not fit.
        TypeError: for float32 beside float64.

    Source: `keras.ops.concatenate`.

    >>> concatenate([[1.0, 2.0], [3.0]])
    Tensor([1., 2., 3.], shape=(3,), dtype=float32)
    """
    tensors = _common(xs, "concatenate")
    axis = normalize_axis(axis, tensors[0].ndim)
    first = tensors[0].shape
    for x in tensors[1:]:
        if x.ndim != len(first) or any(
            a != b for i, (a, b) in enumerate(zip(x.shape, first, strict=True)) if i != axis
        ):
            raise ValueError(
                f"Concatenated tensors must have equal shapes except along axis {axis}. "
                f"Received: shapes {[t.shape for t in tensors]}"
            )
    y = np.concatenate([x.data for x in tensors], axis)
    gradients = []
    start = 0
    for x in tensors:
        key = (slice(None),) * axis + (slice(start, start + x.shape[axis]),)
        gradients.append(lambda dy, key=key: getitem(dy, key))
        start += x.shape[axis]
    return record(y, tuple(tensors), tuple(gradients))


def stack(x: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    Args:
        x: tensors of one shape and dtype.
        axis: the place of the new axis.

    Returns:
        The joined tensor, with one more axis.

    Raises:
        ValueError: if there are none, or their shapes differ.
        TypeError: for float32 beside float64.

    Source: `keras.ops.stack`.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    Tensor([[1., 3.],
            [2., 4.]], shape=(2, 2), dtype=float32)
    """
    tensors = _common(x, "stack")
    if any(t.shape != tensors[0].shape for t in tensors):
        raise ValueError(
            f"Stacked tensors must have one shape. Received: shapes {[t.shape for t in tensors]}"
        )
    axis = normalize_axis(axis, tensors[0].ndim + 1)
    return concatenate([expand_dims(t, axis) for t in tensors], axis)


def _common(xs: Sequence[TensorLike], name: str) -> list[Tensor]:
    """The operands of `name` as tensors of one dtype."""
    if isinstance(xs, (Tensor, np.ndarray)):
        xs = list(xs)
    tensors = [as_tensor(x) for x in xs]
    if not tensors:
        raise ValueError(f"`{name}` needs at least one tensor. Received: {xs!r}")
    return as_floats(*tensors) if any(t.dtype.kind == "f" for t in tensors) else tensors


def split(x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Parts of a tensor along an axis.

    Args:
        x: tensor of any shape.
        indices_or_sections: the number of equal parts, or the indices at which new parts start.
        axis: the axis.

    Returns:
        The parts, a list.

    Raises:
        ValueError: if there can be no equal parts.

    Source: `keras.ops.split`.

    >>> [part.shape for part in split([1.0, 2.0, 3.0], [1])]
    [(1,), (2,)]
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim)
    size = x.shape[axis]
    if isinstance(indices_or_sections, int):
        parts = indices_or_sections
        if parts < 1 or size % parts:
            raise ValueError(
                f"`indices_or_sections` must divide the size {size} of axis {axis}. "
                f"Received: indices_or_sections={parts}"
            )
        edges = [i * (size // parts) for i in range(parts + 1)]
    else:
        edges = [0, *(int(i) for i in indices_or_sections), size]
    return [
        getitem(x, (slice(None),) * axis + (slice(a, b),))
        for a, b in zip(edges[:-1], edges[1:], strict=True)
    ]


def pad(
    x: TensorLike,
    pad_width: int | Sequence,
    mode: str = "constant",
    constant_values: float | None = None,
) -> Tensor:
    """The tensor with constant borders.

    Args:
        x: tensor of any shape.
        pad_width: per axis `(before, after)`; one pair or one number goes for all axes.
        mode: "constant".
        constant_values: the value of the borders; None means 0.

    Returns:
        The padded tensor.

    Raises:
        ValueError: for another mode, or negative widths.

    Source: `keras.ops.pad`.

    >>> pad([1.0, 2.0], (1, 0))
    Tensor([0., 1., 2.], shape=(3,), dtype=float32)
    """
    x = as_tensor(x)
    if mode != "constant":
        raise ValueError(f"minidl pads with a constant only: mode='constant'. Received: {mode!r}")
    widths = np.broadcast_to(np.asarray(pad_width, dtype=int), (x.ndim, 2)).tolist()
    if any(n < 0 for width in widths for n in width):
        raise ValueError(f"`pad_width` must not be negative. Received: pad_width={pad_width}")
    y = np.pad(x.data, widths, constant_values=0 if constant_values is None else constant_values)
    key = tuple(slice(a, a + n) for (a, _), n in zip(widths, x.shape, strict=True))
    return record(y, (x,), (lambda dy: getitem(dy, key),))


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


def repeat(x: TensorLike, repeats: int, axis: int | None = None) -> Tensor:
    """Each element along an axis several times.

    Args:
        x: tensor of any shape.
        repeats: how many times.
        axis: the axis; None means the flattened tensor.

    Returns:
        The longer tensor.

    Raises:
        ValueError: if `x` has no such axis, or `repeats` is negative.

    Source: `keras.ops.repeat`.

    >>> repeat([1.0, 2.0], 2)
    Tensor([1., 1., 2., 2.], shape=(4,), dtype=float32)
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = normalize_axis(axis, x.ndim)
    if not isinstance(repeats, int) or repeats < 0:
        raise ValueError(f"`repeats` must be an integer >= 0. Received: repeats={repeats!r}")
    wide = broadcast_to(
        expand_dims(x, axis + 1), (*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :])
    )
    return reshape(wide, (*x.shape[:axis], x.shape[axis] * repeats, *x.shape[axis + 1 :]))


def tile(x: TensorLike, repeats: int | Sequence[int]) -> Tensor:
    """The whole tensor several times along its axes.

    Args:
        x: tensor of any shape.
        repeats: how many times along each axis, the last ones if fewer than axes.

    Returns:
        The larger tensor.

    Source: `keras.ops.tile`.

    >>> tile([1.0, 2.0], 2)
    Tensor([1., 2., 1., 2.], shape=(4,), dtype=float32)
    """
    x = as_tensor(x)
    counts = [repeats] if isinstance(repeats, int) else list(repeats)
    counts = [1] * (x.ndim - len(counts)) + counts
    shape = (1,) * (len(counts) - x.ndim) + x.shape
    thin = reshape(x, tuple(n for size in shape for n in (1, size)))
    wide = broadcast_to(thin, tuple(n for pair in zip(counts, shape, strict=True) for n in pair))
    return reshape(wide, tuple(c * n for c, n in zip(counts, shape, strict=True)))


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

    >>> getitem([[1.0, 2.0], [3.0, 4.0]], (slice(None), 1))
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
