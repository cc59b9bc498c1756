"""Blocks, diagonals, triangles and single places of tensors."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

import numpy as np

from minidl._tape import IDENTITY, Tensor, as_tensor, pair, record, wrap
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import Axis, TensorLike
from minidl.ops.convert import zeros
from minidl.ops.indexing import take, where
from minidl.ops.shape import getitem, ravel, reshape

_ALL = builtins.slice(None)


def _block(shape: tuple, start: TensorLike, sizes: Sequence[int], op: str) -> tuple:
    """The key of a block; ValueError where it lies outside."""
    first = [int(i) for i in np.ravel(as_tensor(start).data)]
    if len(first) != len(shape) or len(sizes) != len(shape):
        raise ValueError(
            f"{op}: there must be a start and a size for each of the {len(shape)} axes. "
            f"Received: start_indices={first}, shape={tuple(sizes)}"
        )
    last = [n if s == -1 else i + s for i, s, n in zip(first, sizes, shape, strict=True)]
    if any(not 0 <= i <= j <= n for i, j, n in zip(first, last, shape, strict=True)):
        raise ValueError(
            f"{op}: the block lies outside of shape {shape}. "
            f"Received: start_indices={first}, shape={tuple(sizes)}"
        )
    return tuple(builtins.slice(i, j) for i, j in zip(first, last, strict=True))


def _without(dy: Tensor, key: tuple) -> Tensor:
    """`dy` with zeros in the places of `key`; linear, and its own transpose."""
    kept = dy.data.copy()
    kept[key] = 0
    return record(kept, (dy,), (lambda ddx: _without(ddx, key),))


def slice(inputs: TensorLike, start_indices: TensorLike, shape: Sequence[int]) -> Tensor:
    """A block of a tensor.

    Args:
        inputs: tensor of any shape.
        start_indices: the first index along each axis.
        shape: the size of the block along each axis; -1 goes to the end.

    Returns:
        A tensor of that shape.

    Raises:
        ValueError: if the block lies outside.

    Source: `keras.ops.slice`.

    >>> slice([1.0, 2.0, 3.0], [1], [2])
    Tensor([2., 3.], shape=(2,), dtype=float32)
    """
    x = as_tensor(inputs)
    return getitem(x, _block(x.shape, start_indices, shape, "slice"))


def slice_update(inputs: TensorLike, start_indices: TensorLike, updates: TensorLike) -> Tensor:
    """A tensor with a block of other values.

    Args:
        inputs: tensor of any shape.
        start_indices: the first index of the block along each axis.
        updates: the block's values, with as many axes.

    Returns:
        A tensor in the shape of `inputs`.

    Raises:
        TypeError: for float32 beside float64.
        ValueError: if the block lies outside.

    Source: `keras.ops.slice_update`.

    >>> slice_update([1.0, 2.0, 3.0], [1], [9.0])
    Tensor([1., 9., 3.], shape=(3,), dtype=float32)
    """
    x, new = pair(inputs, updates)
    key = _block(x.shape, start_indices, new.shape, "slice_update")
    y = x.data.copy()
    y[key] = new.data
    return record(y, (x, new), (lambda dy: _without(dy, key), lambda dy: getitem(dy, key)))


def scatter(indices: TensorLike, values: TensorLike, shape: Sequence[int]) -> Tensor:
    """Zeros with values added at the given places.

    Args:
        indices: integer tensor of shape (..., n): places along the first n axes.
        values: tensor of shape (..., *shape[n:]).
        shape: the shape of the result.

    Returns:
        A tensor of that shape; values for one place add up.

    Raises:
        IndexError: if a place lies outside.

    Source: `keras.ops.scatter`.

    >>> scatter([[0], [2], [2]], [1.0, 2.0, 3.0], (3,))
    Tensor([1., 0., 5.], shape=(3,), dtype=float32)
    """
    values = as_tensor(values)
    return scatter_update(zeros(shape, values.dtype), indices, values, "add")


def scatter_update(
    inputs: TensorLike, indices: TensorLike, updates: TensorLike, reduction: str | None = None
) -> Tensor:
    """A tensor with other values at the given places.

    Args:
        inputs: tensor of any shape.
        indices: integer tensor of shape (..., n): places along the first n axes.
        updates: tensor of shape (..., *inputs.shape[n:]).
        reduction: None puts values in the place of the old ones (the last of several wins);
            "add" adds them.

    Returns:
        A tensor in the shape of `inputs`.

    Raises:
        IndexError: if a place lies outside.
        TypeError: for float32 beside float64.
        ValueError: if the indices do not fit.

    Source: `keras.ops.scatter_update`.

    >>> scatter_update([1.0, 2.0, 3.0], [[2], [0]], [7.0, 8.0])
    Tensor([8., 2., 7.], shape=(3,), dtype=float32)
    """
    x, new = pair(inputs, updates)
    places = as_tensor(indices).data
    if places.ndim < 1 or places.dtype.kind not in "iu" or places.shape[-1] > x.ndim:
        raise ValueError(
            "`indices` must be integers of shape (..., n) with n up to the number of axes of the "
            f"tensor. Received: dtype {places.dtype}, shape {places.shape}"
        )
    if reduction not in (None, "add"):
        raise ValueError(f"`reduction` must be None or 'add'. Received: {reduction!r}")
    key = tuple(np.moveaxis(places, -1, 0))
    y = x.data.copy()
    if reduction == "add":
        np.add.at(y, key, new.data)
        return record(y, (x, new), (IDENTITY, lambda dy: getitem(dy, key)), (), True)
    y[key] = new.data
    owner = np.zeros(x.shape, np.int64)
    order = np.arange(1, new.size + 1).reshape(new.shape)
    owner[key] = order  # of several values for one place only the last has a gradient
    wins = wrap((owner[key] == order).astype(new.dtype))
    return record(
        y, (x, new), (lambda dy: _without(dy, key), lambda dy: getitem(dy, key) * wins), (), True
    )


def select(
    condlist: Sequence[TensorLike], choicelist: Sequence[TensorLike], default: TensorLike = 0
) -> Tensor:
    """For each place the choice of the first condition that holds there.

    Args:
        condlist: bool tensors.
        choicelist: tensors, one a condition.
        default: what stands where no condition holds.

    Returns:
        A tensor in the broadcast shape.

    Raises:
        ValueError: if the numbers of both differ.

    Source: `keras.ops.select`.

    >>> select([[True, False], [True, True]], [[1.0, 1.0], [2.0, 2.0]])
    Tensor([1., 2.], shape=(2,), dtype=float32)
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            "There must be one choice a condition, and at least one. "
            f"Received: {len(condlist)} conditions, {len(choicelist)} choices"
        )
    result: TensorLike = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(condition, choice, result)
    return as_tensor(result)


def unstack(x: TensorLike, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices of a tensor along an axis.

    Args:
        x: tensor with an axis or more.
        num: the size of the axis; None means what it is.
        axis: the axis.

    Returns:
        A list of tensors without that axis.

    Raises:
        ValueError: if `x` has no such axis, or another size.

    Source: `keras.ops.unstack`.

    >>> unstack([[1.0, 2.0], [3.0, 4.0]])[1]
    Tensor([3., 4.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim)
    if num not in (None, x.shape[axis]):
        raise ValueError(f"Axis {axis} has size {x.shape[axis]}. Received: num={num}")
    return [
        getitem(x, (Ellipsis,) if not x.ndim else (*(_ALL,) * axis, i))
        for i in range(x.shape[axis])
    ]


def roll(x: TensorLike, shift: int | Sequence[int], axis: Axis = None) -> Tensor:
    """The elements moved along axes; what leaves at the end comes in at the beginning.

    Args:
        x: tensor of any shape.
        shift: how far, one number or one an axis.
        axis: the axis or axes; None means the flattened tensor.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.roll`.

    >>> roll([1.0, 2.0, 3.0], 1)
    Tensor([3., 1., 2.], shape=(3,), dtype=float32)
    """
    x = as_tensor(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    shifts = shift if isinstance(shift, (list, tuple)) else (shift,) * len(axes)
    for n, place in zip(shifts, axes, strict=True):
        place = normalize_axis(place, x.ndim)
        if x.shape[place]:
            order = (np.arange(x.shape[place]) - n) % x.shape[place]
            x = take(x, order, place)
    return x


def segment_sum(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The sums of the rows that have one number.

    Args:
        data: tensor with an axis or more.
        segment_ids: integer tensor of shape (rows,): the number of each row.
        num_segments: how many numbers there are; None means the largest and 1.
        sorted: whether the numbers ascend; no matter here.

    Returns:
        A tensor with one row a number.

    Raises:
        ValueError: if there is not one number a row.

    Source: `keras.ops.segment_sum`.

    >>> segment_sum([1.0, 2.0, 3.0], [0, 1, 0])
    Tensor([4., 2.], shape=(2,), dtype=float32)
    """
    data = as_tensor(data)
    ids = as_tensor(segment_ids).data
    if ids.shape != data.shape[:1] or ids.dtype.kind not in "iu":
        raise ValueError(
            "`segment_ids` must hold one integer a row. "
            f"Received: shape {ids.shape} of {ids.dtype} for data of shape {data.shape}"
        )
    count = num_segments if num_segments is not None else int(ids.max(initial=-1)) + 1
    return scatter(ids[:, None], data, (count, *data.shape[1:]))
