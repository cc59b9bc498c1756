"""Batch normalisation over all axes but the last."""

from __future__ import annotations

import math

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_floats, is_recording, record, wrap
from minidl.ops._checks import normalize_axis
from minidl.ops._normalization import array_of, check_channels
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import multiply, rsqrt
from minidl.ops.reduce import mean, sum
from minidl.ops.shape import moveaxis


def batch_norm(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    epsilon: float = 1e-3,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise by the statistics of the batch, then scale and shift.

    Args:
        x: float tensor of shape (..., channels).
        gamma: scale of shape (channels,), or None.
        beta: shift of shape (channels,), or None.
        epsilon: added to the variance.

    Returns:
        `(y, mean, variance)`: y in the shape of x, the statistics (biased variance) of shape
        (channels,). All three can be differentiated, twice.

    Raises:
        ValueError: if the shapes do not fit, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: the training pass of `keras.layers.BatchNormalization`; Ioffe and Szegedy, 2015.

    >>> y, mean, variance = batch_norm([[1.0], [3.0]], epsilon=0.0)
    >>> y
    Tensor([[-1.],
            [ 1.]], shape=(2, 1), dtype=float32)
    """
    x, gamma, beta = as_floats(x, optional=(gamma, beta))
    epsilon = check_channels(x, "batch_norm", epsilon, gamma=gamma, beta=beta)
    if x.size == 0:
        raise ValueError(
            f"batch_norm: an empty batch has no statistics. Received: x of shape {x.shape}"
        )
    y, center, spread = (
        wrap(a)
        for a in _core.batch_norm(
            x.data,
            array_of(gamma),
            array_of(beta),
            epsilon,
        )
    )
    count = max(math.prod(x.shape[:-1]), 1)

    def gradient(dys, x, gamma, center, spread):
        dy, d_center, d_spread = dys
        if is_recording(dy, x, gamma):
            return _in_ops(dys, x, gamma, epsilon)
        dx = d_gamma = d_beta = None
        if dy is not None:
            dx, d_gamma, d_beta = (
                None if a is None else wrap(a)
                for a in _core.batch_norm_grad(
                    dy.data,
                    x.data,
                    array_of(gamma),
                    center.data,
                    spread.data,
                    epsilon,
                )
            )
        if d_center is not None:
            part = d_center * (1 / count) + wrap(np.zeros_like(x.data))
            dx = part if dx is None else dx + part
        if d_spread is not None:
            part = (x - center) * (d_spread * (2 / count))
            dx = part if dx is None else dx + part
        return dx, d_gamma, d_beta

    return record((y, center, spread), (x, gamma, beta), gradient, (x, gamma, center, spread))


def _in_ops(dys, x: Tensor, gamma: Tensor | None, epsilon: float):
    """The gradient of `batch_norm` written in ops, for tapes that differentiate it again."""
    dy, d_center, d_spread = dys
    axes = tuple(range(x.ndim - 1))
    count = max(math.prod(x.shape[:-1]), 1)
    centered = x - mean(x, axes, True)
    dx = d_gamma = d_beta = None
    if dy is not None:
        scale = rsqrt(mean(multiply(centered, centered), axes, True) + epsilon)
        normal = centered * scale
        d_beta = sum(dy, axes)
        d_gamma = sum(dy * normal, axes)
        flow = dy if gamma is None else dy * gamma
        dx = scale * (flow - mean(flow, axes, True) - normal * mean(flow * normal, axes, True))
    if d_center is not None:
        part = d_center * (1 / count) + wrap(np.zeros_like(x.data))
        dx = part if dx is None else dx + part
    if d_spread is not None:
        part = centered * (d_spread * (2 / count))
        dx = part if dx is None else dx + part
    return dx, d_gamma, d_beta


def batch_norm_inference(
    x: TensorLike,
    gamma: TensorLike | None,
    beta: TensorLike | None,
    mean: TensorLike,
    variance: TensorLike,
    epsilon: float = 1e-3,
) -> Tensor:
    """Normalise by given statistics, then scale and shift.

    Args:
        x: float tensor of shape (..., channels).
        gamma: scale of shape (channels,), or None.
        beta: shift of shape (channels,), or None.
        mean: mean of shape (channels,).
        variance: variance of shape (channels,).
        epsilon: added to the variance.

    Returns:
        A tensor in the shape of x.

    Raises:
        ValueError: if the shapes do not fit, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: the inference pass of `keras.layers.BatchNormalization`.

    >>> batch_norm_inference([[3.0]], None, None, [1.0], [4.0], epsilon=0.0)
    Tensor([[1.]], shape=(1, 1), dtype=float32)
    """
    x, mean, variance, gamma, beta = as_floats(x, mean, variance, optional=(gamma, beta))
    vectors = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    epsilon = check_channels(x, "batch_norm_inference", epsilon, **vectors)
    axes = tuple(range(x.ndim - 1))

    def scaled(dy, gamma, variance):
        scale = rsqrt(variance + epsilon)
        return dy * (scale if gamma is None else scale * gamma)

    def to_x(dy, x, gamma, mean, variance):
        return scaled(dy, gamma, variance)

    def to_gamma(dy, x, gamma, mean, variance):
        return sum(dy * (x - mean), axes) * rsqrt(variance + epsilon)

    def to_beta(dy, x, gamma, mean, variance):
        return sum(dy, axes)

    def to_mean(dy, x, gamma, mean, variance):
        return -sum(scaled(dy, gamma, variance), axes)

    def to_variance(dy, x, gamma, mean, variance):
        slope = sum(scaled(dy, gamma, variance) * (x - mean), axes)
        return slope * -0.5 / (variance + epsilon)

    array = _core.batch_norm_inference(
        x.data,
        array_of(gamma),
        array_of(beta),
        mean.data,
        variance.data,
        epsilon,
    )
    return record(
        array,
        (x, gamma, beta, mean, variance),
        (to_x, to_gamma, to_beta, to_mean, to_variance),
        (x, gamma, mean, variance),
    )


def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: int = -1,
    offset: TensorLike | None = None,
    scale: TensorLike | None = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """Normalise by given statistics along any axis, with Keras's arguments.

    Args:
        x: float tensor of any shape.
        mean: mean of shape (channels,).
        variance: variance of shape (channels,).
        axis: the axis of the channels.
        offset: shift of shape (channels,), or None.
        scale: scale of shape (channels,), or None.
        epsilon: added to the variance.

    Returns:
        A tensor in the shape of x.

    Raises:
        ValueError: if the shapes do not fit, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: `keras.ops.batch_normalization`.

    >>> batch_normalization([[3.0]], [1.0], [4.0], epsilon=0.0)
    Tensor([[1.]], shape=(1, 1), dtype=float32)
    """
    (x,) = as_floats(x)
    axis = normalize_axis(axis, x.ndim)
    if axis != x.ndim - 1:
        y = batch_norm_inference(moveaxis(x, axis, -1), scale, offset, mean, variance, epsilon)
        return moveaxis(y, -1, axis)
    return batch_norm_inference(x, scale, offset, mean, variance, epsilon)
