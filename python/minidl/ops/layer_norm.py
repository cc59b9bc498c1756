"""Layer and RMS normalisation, and scaling to unit norm: each example by its own statistics."""

from __future__ import annotations

from collections.abc import Sequence

from minidl import _core
from minidl._tape import Tensor, as_float, as_floats, is_recording, record, wrap
from minidl.config import epsilon as default_epsilon
from minidl.ops._checks import normalize_axes, read_number
from minidl.ops._normalization import array_of, check_channels, over_axes
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import absolute, divide, maximum, multiply, rsqrt
from minidl.ops.more_elementwise import power
from minidl.ops.reduce import max, mean, sum
from minidl.ops.shape import reshape


def layer_norm(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """Bring the last axis to mean 0 and variance 1, then scale and shift.

    Args:
        x: float tensor of shape (..., channels).
        gamma: scale of shape (channels,), or None.
        beta: shift of shape (channels,), or None.
        epsilon: added to the variance.

    Returns:
        A tensor in the shape of x. It can be differentiated twice.

    Raises:
        ValueError: if the shapes do not fit, the last axis is empty, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: `keras.ops.layer_normalization` over the last axis; Ba et al., 2016.

    >>> layer_norm([[1.0, 3.0]], epsilon=0.0)
    Tensor([[-1.,  1.]], shape=(1, 2), dtype=float32)
    """
    x, gamma, beta = as_floats(x, optional=(gamma, beta))
    epsilon = check_channels(x, "layer_norm", epsilon, gamma=gamma, beta=beta)
    y, center, scale = _core.layer_norm(x.data, array_of(gamma), array_of(beta), epsilon)

    def gradient(dy, x, gamma):
        if is_recording(dy, x, gamma):
            return _layer_norm_grad(dy, x, gamma, epsilon)
        grads = _core.layer_norm_grad(dy.data, x.data, array_of(gamma), center, scale)
        return tuple(map(wrap, grads))

    return record(y, (x, gamma, beta), gradient, (x, gamma))


def _layer_norm_grad(dy: Tensor, x: Tensor, gamma: Tensor | None, epsilon: float):
    """The gradient of `layer_norm` written in ops, for tapes that differentiate it again."""
    axes = tuple(range(x.ndim - 1))
    centered = x - mean(x, -1, True)
    scale = rsqrt(mean(multiply(centered, centered), -1, True) + epsilon)
    normal = centered * scale
    flow = dy if gamma is None else dy * gamma
    dx = scale * (flow - mean(flow, -1, True) - normal * mean(flow * normal, -1, True))
    return dx, sum(dy * normal, axes), sum(dy, axes)


def rms_norm(x: TensorLike, gamma: TensorLike | None = None, epsilon: float = 1e-6) -> Tensor:
    """Bring the last axis to mean square 1, then scale.

    Args:
        x: float tensor of shape (..., channels).
        gamma: scale of shape (channels,), or None.
        epsilon: added to the mean square.

    Returns:
        A tensor in the shape of x. It can be differentiated twice.

    Raises:
        ValueError: if the shapes do not fit, the last axis is empty, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: `keras.ops.rms_normalization` over the last axis; Zhang and Sennrich, 2019.

    >>> rms_norm([[1.0, 7.0]], epsilon=0.0)
    Tensor([[0.2, 1.4]], shape=(1, 2), dtype=float32)
    """
    x, gamma = as_floats(x, optional=(gamma,))
    epsilon = check_channels(x, "rms_norm", epsilon, gamma=gamma)
    y, scale = _core.rms_norm(x.data, array_of(gamma), epsilon)

    def gradient(dy, x, gamma):
        if is_recording(dy, x, gamma):
            return _rms_norm_grad(dy, x, gamma, epsilon)
        return tuple(map(wrap, _core.rms_norm_grad(dy.data, x.data, array_of(gamma), scale)))

    return record(y, (x, gamma), gradient, (x, gamma))


def _rms_norm_grad(dy: Tensor, x: Tensor, gamma: Tensor | None, epsilon: float):
    """The gradient of `rms_norm` written in ops, for tapes that differentiate it again."""
    scale = rsqrt(mean(multiply(x, x), -1, True) + epsilon)
    normal = x * scale
    flow = dy if gamma is None else dy * gamma
    dx = scale * (flow - normal * mean(flow * normal, -1, True))
    return dx, sum(dy * normal, tuple(range(x.ndim - 1)))


def layer_normalization(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
) -> Tensor:
    """Bring any axes to mean 0 and variance 1, then scale and shift.

    Args:
        x: float tensor of any shape.
        gamma: scale in the shape of those axes, or None.
        beta: shift in the shape of those axes, or None.
        axis: the axis or axes.
        epsilon: added to the variance; None means `minidl.config.epsilon()`.

    Returns:
        A tensor in the shape of x. It can be differentiated twice.

    Raises:
        ValueError: if the shapes do not fit, an axis is out of range, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: `keras.ops.layer_normalization`.

    >>> layer_normalization([[1.0, 3.0], [5.0, 7.0]], axis=0, epsilon=0.0)
    Tensor([[-1., -1.],
            [ 1.,  1.]], shape=(2, 2), dtype=float32)
    """
    x, gamma, beta = as_floats(x, optional=(gamma, beta))
    return over_axes(layer_norm, "layer_normalization", x, axis, epsilon, gamma=gamma, beta=beta)


def rms_normalization(
    x: TensorLike,
    scale: TensorLike | None = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
) -> Tensor:
    """Bring any axes to mean square 1, then scale.

    Args:
        x: float tensor of any shape.
        scale: factors in the shape of those axes, or None.
        axis: the axis or axes.
        epsilon: added to the mean square; None means `minidl.config.epsilon()`.

    Returns:
        A tensor in the shape of x. It can be differentiated twice.

    Raises:
        ValueError: if the shapes do not fit, an axis is out of range, or epsilon is negative.
        TypeError: for float32 beside float64.

    Source: `keras.ops.rms_normalization`.

    >>> rms_normalization([[1.0], [7.0]], axis=0, epsilon=0.0)
    Tensor([[0.2],
            [1.4]], shape=(2, 1), dtype=float32)
    """
    x, scale = as_floats(x, optional=(scale,))
    return over_axes(rms_norm, "rms_normalization", x, axis, epsilon, scale=scale)


def normalize(
    x: TensorLike,
    axis: int | Sequence[int] = -1,
    order: int = 2,
    epsilon: float | None = None,
) -> Tensor:
    """Divide by the norm along an axis.

    Args:
        x: float tensor of any shape.
        axis: the axis, or for order 2 the axes, of one vector.
        order: 1 for the sum of magnitudes, 2 for Euclid's norm, p for the p-th root of the sum of
            p-th powers.
        epsilon: least number to divide by; None means `minidl.config.epsilon()`.

    Returns:
        A tensor in the shape of x. It can be differentiated twice; where the norm is below epsilon
        as if it were constant.

    Raises:
        ValueError: if an axis is out of range, `order` is no positive integer, or epsilon is not
            positive.

    Source: `keras.ops.normalize`.

    >>> normalize([[3.0, 4.0]])
    Tensor([[0.6, 0.8]], shape=(1, 2), dtype=float32)
    """
    x = as_float(x)
    if x.ndim == 0:
        x = reshape(x, (1,))
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: `order` must be an integer >= 1. Received: order={order!r}")
    least = default_epsilon() if epsilon is None else read_number(epsilon, "epsilon", "normalize")
    if not least > 0:
        raise ValueError(f"normalize: `epsilon` must be positive. Received: epsilon={epsilon!r}")
    axes = normalize_axes(axis, x.ndim)
    if order == 2:
        return x * rsqrt(maximum(sum(multiply(x, x), axes, True), least * least))
    if len(axes) != 1:
        raise ValueError(
            f"normalize: several axes have a norm of order 2 only. Received: axis={axis}, "
            f"order={order}"
        )
    size = absolute(x)
    if order > 1:
        # Powers of numbers up to 1: none overflows, and the largest is 1.
        top = maximum(max(size, axes, True), least)
        inner = sum(power(divide(size, top), float(order)), axes, True)
        length = top * power(maximum(inner, least**order), 1.0 / order)
    else:
        length = sum(size, axes, True)
    return divide(x, maximum(length, least))
