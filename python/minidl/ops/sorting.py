"""Order and search: indices without gradients, and elements taken by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minidl._tape import Tensor, as_tensor, wrap
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import TensorLike
from minidl.ops.shape import broadcast_to, getitem, ravel


def sort(x: TensorLike, axis: int = -1) -> Tensor:
    """The elements along an axis in ascending order; NaN comes last.

    Args:
        x: tensor of any shape.
        axis: the axis.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.sort`.

    >>> sort([3.0, 1.0, 2.0])
    Tensor([1., 2., 3.], shape=(3,), dtype=float32)
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim) if x.ndim else 0
    return take_along_axis(x, argsort(x, axis), axis) if x.ndim else x


def argsort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """The indices that put the elements along an axis in ascending order; equal ones keep theirs.

    Args:
        x: tensor of any shape.
        axis: the axis; None means the flattened tensor.

    Returns:
        An int32 tensor.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.argsort`.

    >>> argsort([3.0, 1.0, 2.0])
    Tensor([1, 2, 0], shape=(3,), dtype=int32)
    """
    x = as_tensor(x)
    if axis is None or not x.ndim:
        x, axis = ravel(x), 0
    axis = normalize_axis(axis, x.ndim)
    return wrap(np.argsort(x.data, axis, kind="stable").astype("int32"))


def top_k(x: TensorLike, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The `k` largest elements along the last axis, and their indices.

    Args:
        x: tensor of any shape.
        k: how many.
        sorted: results are in descending order in any case.

    Returns:
        `(values, indices)`; of equal elements the first wins. The indices are int32.

    Raises:
        ValueError: if `k` is not in [0, size of the last axis].

    Source: `keras.ops.top_k`.

    >>> top_k([1.0, 3.0, 2.0], 2)
    (Tensor([3., 2.], shape=(2,), dtype=float32), Tensor([1, 2], shape=(2,), dtype=int32))
    """
    x = as_tensor(x)
    if not x.ndim or isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= x.shape[-1]:
        raise ValueError(
            f"`k` must be an integer in [0, {x.shape[-1] if x.ndim else 0}], the size of the last "
            f"axis. Received: k={k!r}"
        )
    backwards = np.flip(x.data, -1)
    order = np.flip(np.argsort(backwards, -1, kind="stable"), -1)[..., :k]
    indices = wrap((x.shape[-1] - 1 - order).astype("int32"))
    return take_along_axis(x, indices, -1), indices


def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> Tensor:
    """Whether the prediction for each target is among the `k` largest of its row.

    Args:
        targets: integer tensor of shape (batch,).
        predictions: tensor of shape (batch, classes).
        k: how many count.

    Returns:
        A bool tensor of shape (batch,); False for rows with a value that is not finite in
        the target's place, and for targets outside.

    Raises:
        ValueError: if the shapes do not fit.

    Source: `keras.ops.in_top_k`.

    >>> in_top_k([1, 0], [[0.1, 0.9], [0.1, 0.9]], 1)
    Tensor([ True, False], shape=(2,), dtype=bool)
    """
    labels, scores = as_tensor(targets).data, as_tensor(predictions).data
    if labels.ndim != 1 or scores.ndim != 2 or len(labels) != len(scores):
        raise ValueError(
            "`targets` must have shape (batch,) and `predictions` (batch, classes). Received: "
            f"shapes {labels.shape} and {scores.shape}"
        )
    inside = (labels >= 0) & (labels < scores.shape[1])
    own = scores[np.arange(len(labels)), np.where(inside, labels, 0)]
    better = np.sum(scores > own[:, None], 1)
    return wrap((better < k) & inside & np.isfinite(own))


def searchsorted(sorted_sequence: TensorLike, values: TensorLike, side: str = "left") -> Tensor:
    """The places at which values would keep a sequence in order.

    Args:
        sorted_sequence: tensor with one axis, in ascending order.
        values: tensor of any shape.
        side: "left" puts equal values in front, "right" behind.

    Returns:
        An int32 tensor in the shape of `values`.

    Raises:
        ValueError: for more axes, or another side.

    Source: `keras.ops.searchsorted`.

    >>> searchsorted([1.0, 3.0], [2.0, 3.0])
    Tensor([1, 1], shape=(2,), dtype=int32)
    """
    sequence = as_tensor(sorted_sequence).data
    if sequence.ndim != 1 or side not in ("left", "right"):
        raise ValueError(
            "`sorted_sequence` must have one axis, and `side` be 'left' or 'right'. Received: "
            f"shape {sequence.shape}, side={side!r}"
        )
    found = np.searchsorted(sequence, as_tensor(values).data, "left" if side == "left" else "right")
    return wrap(np.asarray(found, "int32"))


def digitize(x: TensorLike, bins: TensorLike) -> Tensor:
    """The number of the bin each element lies in.

    Args:
        x: tensor of any shape.
        bins: tensor with one axis: the borders, in ascending order.

    Returns:
        An int32 tensor: 0 below the first border.

    Source: `keras.ops.digitize`.

    >>> digitize([0.0, 1.5], [1.0, 2.0])
    Tensor([0, 1], shape=(2,), dtype=int32)
    """
    return searchsorted(bins, x, "right")


def bincount(x: TensorLike, weights: TensorLike | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 up occurs.

    Args:
        x: integer tensor with one axis, without negative numbers.
        weights: what each occurrence counts; None means 1.
        minlength: least length of the result.

    Returns:
        A tensor with one axis: int32, or float with weights.

    Raises:
        ValueError: for anything but integers from 0 up.

    Source: `keras.ops.bincount`.

    >>> bincount([0, 2, 2])
    Tensor([1, 0, 2], shape=(3,), dtype=int32)
    """
    counts = as_tensor(x).data
    if counts.ndim != 1 or counts.dtype.kind not in "iu" or (counts.size and counts.min() < 0):
        raise ValueError("`x` must have one axis and hold integers >= 0.")
    if weights is None:
        return wrap(np.bincount(counts, None, minlength).astype("int32"))
    w = as_tensor(weights).data
    return wrap(np.bincount(counts, w, minlength).astype(w.dtype))


def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """The different elements in ascending order.

    Args:
        x: tensor of any shape.
        sorted: they are in order in any case.
        return_index: whether the place of each one's first occurrence is returned too.
        return_inverse: whether, for each element, its number among the results is.
        return_counts: whether it is told how often each occurs.
        axis: the axis whose slices are compared; None compares elements.

    Returns:
        A tensor, or a tuple of it and the int32 tensors asked for, in the order of the arguments.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.unique`, without `size` and `fill_value`.

    >>> unique([2, 1, 2])
    Tensor([1, 2], shape=(2,), dtype=int32)
    """
    x = as_tensor(x)
    if axis is not None:
        axis = normalize_axis(axis, x.ndim)
    find: Any = np.unique
    found = find(x.data, return_index, return_inverse, return_counts, axis)
    if not isinstance(found, tuple):
        return wrap(found)
    return wrap(found[0]), *(wrap(np.asarray(f).astype("int32")) for f in found[1:])


def nonzero(x: TensorLike) -> tuple[Tensor, ...]:
    """The indices of the elements that are not zero.

    Args:
        x: tensor of any shape.

    Returns:
        A tuple of int32 tensors, one an axis.

    Source: `keras.ops.nonzero`.

    >>> nonzero([0, 3, 4])
    (Tensor([1, 2], shape=(2,), dtype=int32),)
    """
    return tuple(wrap(i.astype("int32")) for i in np.nonzero(as_tensor(x).data))


def isin(
    x1: TensorLike, x2: TensorLike, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Where elements of `x1` occur in `x2`.

    Args:
        x1: tensor.
        x2: tensor of any shape.
        assume_unique: whether both hold no element twice.
        invert: whether True and False change places.

    Returns:
        A bool tensor in the shape of `x1`.

    Source: `keras.ops.isin`.

    >>> isin([1, 2], [2, 3])
    Tensor([False,  True], shape=(2,), dtype=bool)
    """
    first, second = as_tensor(x1).data, as_tensor(x2).data
    return wrap(np.isin(first, second, assume_unique=assume_unique, invert=invert))


def take_along_axis(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """Elements along an axis, by an index for each place of the result.

    Args:
        x: tensor of any shape.
        indices: integer tensor whose shape broadcasts with that of `x` but for `axis`;
            negative ones count from the end.
        axis: the axis; None means the flattened tensor.

    Returns:
        A tensor in the shape of `indices`.

    Raises:
        IndexError: if an index lies outside.
        TypeError: if the indices are no integers.
        ValueError: if the shapes do not fit.

    Source: `keras.ops.take_along_axis`.

    >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], 1)
    Tensor([[2.],
            [3.]], shape=(2, 1), dtype=float32)
    """
    x = as_tensor(x)
    picks = as_tensor(indices).data
    if picks.dtype.kind not in "iu":
        raise TypeError(f"`indices` must be integers. Received: dtype {picks.dtype}")
    if axis is None:
        x, picks, axis = ravel(x), picks.ravel(), 0
    axis = normalize_axis(axis, x.ndim)
    if picks.ndim != x.ndim:
        raise ValueError(
            f"`indices` must have as many axes as `x`. Received: shapes {picks.shape} and {x.shape}"
        )
    shape = tuple(
        n if i == axis else max(n, m)
        for i, (n, m) in enumerate(zip(picks.shape, x.shape, strict=True))
    )
    x = broadcast_to(
        x, tuple(m if i == axis else n for i, (n, m) in enumerate(zip(shape, x.shape, strict=True)))
    )
    key = list(np.ogrid[tuple(slice(n) for n in shape)])
    key[axis] = np.broadcast_to(picks, shape)
    return getitem(x, tuple(key))
