"""Choosing elements by index or condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from minidl._tape import Tensor, as_tensor, pair, record, wrap
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import DTypeLike, TensorLike
from minidl.ops.embedding import embedding
from minidl.ops.shape import getitem, ravel
from minidl.ops.sorting import nonzero


def where(condition: TensorLike, x1: TensorLike | None = None, x2: TensorLike | None = None) -> Any:
    """`x1` where the condition holds, else `x2`; the places where it holds if both are None.

    Args:
        condition: bool tensor.
        x1: tensor, or None.
        x2: tensor; all three shapes broadcast. None where `x1` is.

    Returns:
        The chosen elements, in the broadcast shape; the side not chosen gets zero gradient. Or a
        tuple of int32 tensors, one an axis, as `nonzero` gives.

    Raises:
        ValueError: if only one of `x1` and `x2` is None.
        TypeError: for float32 beside float64.

    Source: `keras.ops.where`.

    >>> where([True, False], 1.0, [2.0, 3.0])
    Tensor([1., 3.], shape=(2,), dtype=float32)
    """
    if x1 is None or x2 is None:
        if x1 is not None or x2 is not None:
            raise ValueError("where: `x1` and `x2` must both be given, or neither of them.")
        return nonzero(condition)
    mask = as_tensor(condition).data.astype(bool)
    x1, x2 = pair(x1, x2)
    y = wrap(np.asarray(np.where(mask, x1.data, x2.data)))
    if y.dtype.kind != "f":
        return y
    if y.shape != mask.shape:
        mask = np.broadcast_to(mask, y.shape)
    return record(
        y,
        (x1, x2),
        (lambda dy: where(mask, dy, 0.0), lambda dy: where(mask, 0.0, dy)),
        (),
        True,
    )


def take(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """Elements along an axis, by index.

    Args:
        x: tensor of any shape.
        indices: integer tensor; negative ones count from the end.
        axis: the axis; None means the flattened tensor.

    Returns:
        A tensor where the axes of `indices` stand in the place of `axis`.

    Raises:
        IndexError: if an index lies outside.
        TypeError: if the indices are no integers.

    Source: `keras.ops.take`.

    >>> take([1.0, 2.0, 3.0], [2, 0])
    Tensor([3., 1.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    picks = as_tensor(indices).data
    if picks.dtype.kind not in "iu":
        raise TypeError(f"`indices` must be integers. Received: dtype {picks.dtype}")
    if axis is None:
        x, axis = ravel(x), 0
    axis = normalize_axis(axis, x.ndim)
    if axis == 0 and x.ndim == 2 and x.dtype.kind == "f" and x.data.flags.c_contiguous:
        picks = np.where(picks < 0, picks + x.shape[0], picks)
        if picks.size and picks.min() >= 0 and picks.max() < x.shape[0]:
            return embedding(x, picks)
        picks = as_tensor(indices).data  # for the error to tell
    return getitem(x, (slice(None),) * axis + (picks,))


def one_hot(
    x: TensorLike, num_classes: int, axis: int = -1, dtype: DTypeLike | None = None
) -> Tensor:
    """Vectors that are 1 at the given index and 0 elsewhere.

    Args:
        x: integer tensor of indices in [0, num_classes).
        num_classes: the length of the vectors.
        axis: the place of the new axis.
        dtype: the dtype; None means float32.

    Returns:
        A tensor with one more axis. An index outside gives zeros, as in Keras.

    Raises:
        TypeError: if the indices are no integers.

    Source: `keras.ops.one_hot`.

    >>> one_hot([0, 2], 3)
    Tensor([[1., 0., 0.],
            [0., 0., 1.]], shape=(2, 3), dtype=float32)
    """
    labels = as_tensor(x).data
    if labels.dtype.kind not in "iub":
        raise TypeError(f"`x` must hold integers. Received: dtype {labels.dtype}")
    if isinstance(num_classes, bool) or not isinstance(num_classes, (int, np.integer)):
        raise TypeError(f"`num_classes` must be an integer. Received: num_classes={num_classes!r}")
    if num_classes < 0:
        raise ValueError(f"`num_classes` must be >= 0. Received: num_classes={num_classes}")
    axis = normalize_axis(axis, labels.ndim + 1)
    hits = labels[..., None] == np.arange(num_classes)
    return wrap(np.ascontiguousarray(np.moveaxis(hits, -1, axis)).astype(dtype or "float32"))
