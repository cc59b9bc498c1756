"""Group normalisation: groups of channels of each image by their own statistics."""

from __future__ import annotations

import math

from minidl import _core
from minidl._tape import Tensor, as_floats, is_recording, record, wrap
from minidl.ops._checks import normalize_axis
from minidl.ops._normalization import array_of, check_channels
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import multiply, rsqrt
from minidl.ops.reduce import mean, sum
from minidl.ops.shape import moveaxis, reshape


def group_norm(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    groups: int = 32,
    epsilon: float = 1e-3,
) -> Tensor:
    """Bring each group of channels of each image to mean 0 and variance 1, then scale and shift.

    Args:
        x: float tensor of shape (batch, ..., channels).
        gamma: scale of shape (channels,), or None.
        beta: shift of shape (channels,), or None.
        groups: number of groups; 1 takes the whole image together, `channels` (or -1) each
            channel on its own (instance normalisation).
        epsilon: added to the variance.

    Returns:
        A tensor in the shape of x. It can be differentiated twice.

    Raises:
        ValueError: if the shapes do not fit, `groups` does not divide the channels, or epsilon is
            negative.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.GroupNormalization`; Wu and He, 2018.

    >>> group_norm([[1.0, 3.0, 4.0, 8.0]], groups=2, epsilon=0.0)
    Tensor([[-1.,  1., -1.,  1.]], shape=(1, 4), dtype=float32)
    """
    x, gamma, beta = as_floats(x, optional=(gamma, beta))
    epsilon = check_channels(x, "group_norm", epsilon, gamma=gamma, beta=beta)
    groups = _read_groups(groups, x)
    y, center, scale = _core.group_norm(x.data, array_of(gamma), array_of(beta), groups, epsilon)

    def gradient(dy, x, gamma):
        if is_recording(dy, x, gamma):
            return _in_ops(dy, x, gamma, groups, epsilon)
        grads = _core.group_norm_grad(dy.data, x.data, array_of(gamma), center, scale)
        return tuple(map(wrap, grads))

    return record(y, (x, gamma, beta), gradient, (x, gamma))


def _read_groups(groups: int, x: Tensor) -> int:
    if x.ndim < 2:
        raise ValueError(
            f"group_norm: x must have shape (batch, ..., channels). Received: shape {x.shape}"
        )
    channels = x.shape[-1]
    if isinstance(groups, bool) or not hasattr(groups, "__index__"):
        raise TypeError(f"group_norm: `groups` must be an integer. Received: groups={groups!r}")
    count = channels if groups == -1 else groups.__index__()
    if count < 1 or channels % count:
        raise ValueError(
            f"group_norm: `groups` must divide the {channels} channels of x {x.shape}. "
            f"Received: groups={groups}"
        )
    return count


def _in_ops(dy: Tensor, x: Tensor, gamma: Tensor | None, groups: int, epsilon: float):
    """The gradient of `group_norm` written in ops, for tapes that differentiate it again."""
    shape = (x.shape[0], math.prod(x.shape[1:-1]), groups, x.shape[-1] // groups)
    inside = (1, 3)  # the axes of one group
    values = reshape(x, shape)
    centered = values - mean(values, inside, True)
    scale = rsqrt(mean(multiply(centered, centered), inside, True) + epsilon)
    normal = centered * scale
    flow = reshape(dy if gamma is None else dy * gamma, shape)
    dx = scale * (flow - mean(flow, inside, True) - normal * mean(flow * normal, inside, True))
    axes = tuple(range(x.ndim - 1))
    return reshape(dx, x.shape), sum(dy * reshape(normal, x.shape), axes), sum(dy, axes)


def group_normalization(
    x: TensorLike,
    groups: int = 32,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Tensor:
    """`group_norm` with the channels along any axis but the first.

    Args:
        x: float tensor of shape (batch, ...).
        groups: number of groups; -1 takes each channel on its own.
        gamma: scale of shape (channels,), or None.
        beta: shift of shape (channels,), or None.
        axis: the axis of the channels.
        epsilon: added to the variance.

    Returns:
        A tensor in the shape of x. It can be differentiated twice.

    Raises:
        ValueError: if the shapes do not fit, `groups` does not divide the channels, the axis is the
            first one, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.GroupNormalization`.

    >>> group_normalization([[[1.0], [3.0]]], groups=1, axis=1, epsilon=0.0).numpy().tolist()
    [[[-1.0], [1.0]]]
    """
    (x,) = as_floats(x)
    axis = normalize_axis(axis, x.ndim)
    if axis == 0:
        raise ValueError("group_normalization: `axis` must not be the batch. Received: axis=0")
    if axis == x.ndim - 1:
        return group_norm(x, gamma, beta, groups, epsilon)
    y = group_norm(moveaxis(x, axis, -1), gamma, beta, groups, epsilon)
    return moveaxis(y, -1, axis)
