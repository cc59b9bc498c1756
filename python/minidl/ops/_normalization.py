"""What batch, layer and group normalisation share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from minidl._tape import Tensor
from minidl.config import epsilon as default_epsilon
from minidl.ops._checks import normalize_axes, read_number
from minidl.ops.shape import reshape, transpose


def check_channels(x: Tensor, op: str, epsilon: float, **vectors: Tensor | None) -> float:
    """The checked epsilon; ValueError where a vector does not hold one value a channel."""
    if x.ndim < 1:
        raise ValueError(f"{op}: x needs an axis of channels. Received: shape {x.shape}")
    for name, vector in vectors.items():
        if vector is not None and vector.shape != (x.shape[-1],):
            raise ValueError(
                f"{op}: {name} must have shape ({x.shape[-1]},), the channels of x {x.shape}. "
                f"Received: shape {vector.shape}"
            )
    return read_number(epsilon, "epsilon", op, least=0.0)


def over_axes(
    function: Callable[..., Tensor],
    op: str,
    x: Tensor,
    axis: int | Sequence[int],
    epsilon: float | None,
    **weights: Tensor | None,
) -> Tensor:
    """`function(x, *weights, epsilon)`, which works on the last axis, over any axes.

    Weights have the shape of those axes, or are broadcast to x.
    """
    epsilon = default_epsilon() if epsilon is None else epsilon
    if x.ndim == 0:
        x = reshape(x, (1,))
    axes = normalize_axes(axis, x.ndim)
    # Keras sorts axes as they are given, and shapes weights in that order.
    sizes = tuple(x.shape[a] for a in (sorted(axis) if isinstance(axis, Sequence) else [axis]))
    spread = tuple(n if i in axes else 1 for i, n in enumerate(x.shape))
    for name, weight in weights.items():
        if weight is not None and weight.shape not in (sizes, spread):
            raise ValueError(
                f"{op}: {name} must have shape {sizes}, that of the axes {axis} of x {x.shape}. "
                f"Received: shape {weight.shape}"
            )
    count = math.prod(sizes)
    if count == 0:
        raise ValueError(f"{op}: the axes {axis} of x are empty. Received: shape {x.shape}")
    vectors = [
        None if w is None else w if w.ndim == 1 else reshape(w, -1) for w in weights.values()
    ]
    if axes == (x.ndim - 1,):
        return function(x, *vectors, epsilon)
    order = [a for a in range(x.ndim) if a not in axes] + list(axes)
    moved = x if order == list(range(x.ndim)) else transpose(x, order)
    shape = moved.shape
    y = reshape(function(reshape(moved, (-1, count)), *vectors, epsilon), shape)
    return y if moved is x else transpose(y, sorted(range(x.ndim), key=order.__getitem__))


def array_of(x: Tensor | None):
    """What a kernel takes for an optional tensor."""
    return None if x is None else x.data
