"""Activation functions.

Their gradients are ops as well, so all of them can be differentiated twice.
"""

from __future__ import annotations

import math

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_float, record, wrap
from minidl.ops._checks import read_number
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import absolute, exp, maximum, minimum, multiply, square
from minidl.ops.indexing import where
from minidl.ops.more_elementwise import clip, erf


def relu(
    x: TensorLike,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """The rectified linear unit: `max(x, 0)` by default.

    Args:
        x: float tensor of any shape.
        negative_slope: the slope below the threshold.
        max_value: the largest value; None means no limit.
        threshold: the value at which the unit opens.

    Returns:
        A tensor of the same shape. The gradient at the threshold is the one below it.

    Source: `keras.activations.relu`.

    >>> relu([-1.0, 2.0])
    Tensor([0., 2.], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    slope = read_number(negative_slope, "negative_slope", "relu")
    top = math.inf if max_value is None else read_number(max_value, "max_value", "relu")
    threshold = read_number(threshold, "threshold", "relu")
    y = wrap(_core.relu(x.data, slope, top, threshold))
    # The output shows the branch as well, and is alive anyway; then the input can go.
    saved = y if threshold == 0 and slope >= 0 and top > 0 else x
    return record(
        y, (x,), (lambda dy, saved: _relu_grad(dy, saved, slope, top, threshold),), (saved,)
    )


def _relu_grad(dy: Tensor, x: Tensor, slope: float, top: float, threshold: float) -> Tensor:
    dx = _core.relu_grad(dy.data, x.data, slope, top, threshold)
    # Linear in dy; the slopes do not change with x.
    return record(dx, (dy,), (lambda ddx, x: _relu_grad(ddx, x, slope, top, threshold),), (x,))


def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Tensor:
    """`x` where positive, else `negative_slope * x`.

    Args:
        x: float tensor of any shape.
        negative_slope: the slope below 0.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.leaky_relu`.

    >>> leaky_relu([-1.0, 2.0])
    Tensor([-0.2,  2. ], shape=(2,), dtype=float32)
    """
    return relu(x, negative_slope)


def relu6(x: TensorLike) -> Tensor:
    """`min(max(x, 0), 6)`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.relu6`.

    >>> relu6([-1.0, 2.0, 8.0])
    Tensor([0., 2., 6.], shape=(3,), dtype=float32)
    """
    return relu(x, max_value=6.0)


def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit: `x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        x: float tensor of any shape.
        alpha: minus the limit at -inf.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.elu`.

    >>> elu([0.0, 2.0])
    Tensor([0., 2.], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    alpha = read_number(alpha, "alpha", "elu")
    if alpha < 0:
        # The kernel's gradient tells the two branches apart by the sign of the output.
        return where(x > 0, x, (exp(minimum(x, 0.0)) - 1) * alpha)
    y = wrap(_core.elu(x.data, alpha))
    return record(y, (x,), (lambda dy, y: _elu_grad(dy, y, alpha),), (y,))


def _elu_grad(dy: Tensor, y: Tensor, alpha: float) -> Tensor:
    dx = _core.elu_grad(dy.data, y.data, alpha)
    return record(
        dx,
        (dy, y),
        (
            lambda ddx, dy, y: _elu_grad(ddx, y, alpha),
            lambda ddx, dy, y: where(y < 0, ddx * dy, 0.0),
        ),
        (dy, y),
    )


def selu(x: TensorLike) -> Tensor:
    """The scaled exponential linear unit.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.selu`; Klambauer et al., 2017.

    >>> selu([0.0, 1.0])
    Tensor([0.      , 1.050701], shape=(2,), dtype=float32)
    """
    return elu(x, 1.6732632423543772) * 1.0507009873554805


def tanh(x: TensorLike) -> Tensor:
    """The hyperbolic tangent.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.tanh`.

    >>> tanh([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    y = wrap(_core.tanh(x.data))
    return record(y, (x,), (_tanh_grad,), (y,))


def _tanh_grad(dy: Tensor, y: Tensor) -> Tensor:
    return record(
        _core.tanh_grad(dy.data, y.data),
        (dy, y),
        (
            lambda ddx, dy, y: _tanh_grad(ddx, y),
            lambda ddx, dy, y: ddx * dy * (y * -2),
        ),
        (dy, y),
    )


def sigmoid(x: TensorLike) -> Tensor:
    """`1 / (1 + exp(-x))`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.sigmoid`.

    >>> sigmoid([0.0])
    Tensor([0.5], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    y = wrap(_core.sigmoid(x.data))
    return record(y, (x,), (_sigmoid_grad,), (y,))


def _sigmoid_grad(dy: Tensor, y: Tensor) -> Tensor:
    return record(
        _core.sigmoid_grad(dy.data, y.data),
        (dy, y),
        (
            lambda ddx, dy, y: _sigmoid_grad(ddx, y),
            lambda ddx, dy, y: ddx * dy * (1 - y * 2),
        ),
        (dy, y),
    )


def softplus(x: TensorLike) -> Tensor:
    """`log(1 + exp(x))`, without overflow.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.softplus`.

    >>> softplus([0.0])
    Tensor([0.6931472], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    y = np.asarray(np.logaddexp(x.data, 0, dtype=x.dtype))
    return record(y, (x,), (lambda dy, x: dy * sigmoid(x),), (x,))


def log_sigmoid(x: TensorLike) -> Tensor:
    """The logarithm of the sigmoid.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.log_sigmoid`.

    >>> log_sigmoid([0.0])
    Tensor([-0.6931472], shape=(1,), dtype=float32)
    """
    return -softplus(-as_float(x))


def softsign(x: TensorLike) -> Tensor:
    """`x / (1 + abs(x))`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.softsign`.

    >>> softsign([-1.0, 1.0])
    Tensor([-0.5,  0.5], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    return x / (absolute(x) + 1)


def silu(x: TensorLike) -> Tensor:
    """`x * sigmoid(x)`, also called swish.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.silu`.

    >>> silu([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    return multiply(x, sigmoid(x))


swish = silu


def gelu(x: TensorLike, approximate: bool = True) -> Tensor:
    """The Gaussian error linear unit.

    Args:
        x: float tensor of any shape.
        approximate: use the tanh approximation.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.gelu`; Hendrycks and Gimpel, 2016.

    >>> gelu([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    if approximate:
        inner = (x + x * square(x) * 0.044715) * math.sqrt(2 / math.pi)
        return x * 0.5 * (tanh(inner) + 1)
    return x * 0.5 * (erf(x * math.sqrt(0.5)) + 1)


def mish(x: TensorLike) -> Tensor:
    """`x * tanh(softplus(x))`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.activations.mish`; Misra, 2019.

    >>> mish([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    return x * tanh(softplus(x))


def hard_sigmoid(x: TensorLike) -> Tensor:
    """`x / 6 + 0.5`, limited to [0, 1].

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.hard_sigmoid`.

    >>> hard_sigmoid([-3.0, 0.0, 3.0])
    Tensor([0. , 0.5, 1. ], shape=(3,), dtype=float32)
    """
    return relu(as_float(x) + 3.0, max_value=6.0) * (1 / 6)


def hard_silu(x: TensorLike) -> Tensor:
    """`x * hard_sigmoid(x)`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.hard_silu`.

    >>> hard_silu([-3.0, 0.0, 3.0])
    Tensor([-0.,  0.,  3.], shape=(3,), dtype=float32)
    """
    x = as_float(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def hard_tanh(x: TensorLike) -> Tensor:
    """`x` limited to [-1, 1].

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.hard_tanh`.

    >>> hard_tanh([-3.0, 0.5])
    Tensor([-1. ,  0.5], shape=(2,), dtype=float32)
    """
    return clip(as_float(x), -1.0, 1.0)


def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`.

    Args:
        x: float tensor of any shape.
        alpha: minus the limit at -inf.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.celu`; Barron, 2017.

    >>> celu([0.0, 2.0])
    Tensor([0., 2.], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    return maximum(x, 0.0) + alpha * (exp(minimum(x, 0.0) / alpha) - 1)
