"""Ops that join, cut, pad and repeat tensors."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from minidl._tape import Tensor, as_floats, as_tensor, record
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import TensorLike
from minidl.ops.shape import broadcast_to, expand_dims, getitem, ravel, reshape


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
        getitem(x, (slice(None),) * axis + (slice(a, b),)) for a, b in itertools.pairwise(edges)
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
    try:
        widths = np.broadcast_to(np.asarray(pad_width).astype(int), (x.ndim, 2)).tolist()
    except (TypeError, ValueError):
        raise ValueError(
            f"`pad_width` must hold (before, after) for each of the {x.ndim} axes. "
            f"Received: pad_width={pad_width!r}"
        ) from None
    if any(n < 0 for width in widths for n in width):
        raise ValueError(f"`pad_width` must not be negative. Received: pad_width={pad_width}")
    y = np.pad(x.data, widths, constant_values=0 if constant_values is None else constant_values)
    key = tuple(slice(a, a + n) for (a, _), n in zip(widths, x.shape, strict=True))
    return record(y, (x,), (lambda dy: getitem(dy, key),))


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
