"""Activation functions with a kernel of their own: one pass forward, one pass back.

Their gradients are ops as well, so all of them can be differentiated twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from minidl import _core
from minidl._tape import IDENTITY, Tensor, as_float, record, wrap
from minidl.ops._checks import read_number
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import exp, expm1, minimum, square
from minidl.ops.indexing import where


def _slope(kernel: Callable, second: Callable, *settings) -> Callable:
    """`dy * f'(x)` by a kernel, as a function of `dy` and of what the kernel wants: x or y = f(x).

    `second` is the derivative of the kernel's result by that, for `dy` of one.
    """

    def slope(dy: Tensor, x: Tensor) -> Tensor:
        return record(
            kernel(dy.data, x.data, *settings),
            (dy, x),
            (lambda ddx, dy, x: slope(ddx, x), lambda ddx, dy, x: ddx * dy * second(x)),
            (dy, x),
        )

    return slope


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
    if slope == threshold == 0 and top == math.inf:
        y._rectified = True
        return record(y, (x,), (_plain_relu_grad,), (y,))
    # The output shows the branch as well, and is alive anyway; then the input can go.
    saved = y if threshold == 0 and slope >= 0 and top > 0 else x
    return record(
        y, (x,), (lambda dy, saved: _relu_grad(dy, saved, slope, top, threshold),), (saved,)
    )


def _plain_relu_grad(dy: Tensor, y: Tensor) -> Tensor:
    """The gradient of max(x, 0) from its output; nothing is left to do where dy knows of it."""
    if dy._rectified:
        return record(dy.data, (dy,), (IDENTITY,))
    return _relu_grad(dy, y, 0.0, math.inf, 0.0)


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
        return where(x > 0, x, expm1(minimum(x, 0.0)) * alpha)
    y = wrap(_core.elu(x.data, alpha))
    slope = _slope(_core.elu_grad, lambda y: wrap((y.data < 0).astype(y.dtype)), alpha)
    return record(y, (x,), (slope,), (y,))


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
    return record(y, (x,), (_slope_of_tanh,), (y,))


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
    return record(y, (x,), (_slope_of_sigmoid,), (y,))


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
    return record(_core.softplus(x.data), (x,), (_slope_of_softplus,), (x,))


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
    return record(_core.silu(x.data), (x,), (_slope_of_silu,), (x,))


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
    slope = _slope_of_gelu_by_tanh if approximate else _slope_of_gelu
    return record(_core.gelu(x.data, bool(approximate)), (x,), (slope,), (x,))


def _second_of_silu(x: Tensor) -> Tensor:
    s = sigmoid(x)
    return s * (1 - s) * (2 + x * (1 - s * 2))


def _second_of_softplus(x: Tensor) -> Tensor:
    s = sigmoid(x)
    return s * (1 - s)


def _second_of_gelu(x: Tensor) -> Tensor:
    z = square(x)
    return exp(z * -0.5) * (2 - z) * (1 / math.sqrt(2 * math.pi))


def _second_of_gelu_by_tanh(x: Tensor) -> Tensor:
    # x s(v) with s the sigmoid, v = 2 sqrt(2 / pi) (x + 0.044715 x^3) and its derivatives.
    scale, cube, z = 2 * math.sqrt(2 / math.pi), 0.044715, square(x)
    s = sigmoid(x * (1 + z * cube) * scale)
    dv, ddv = (1 + z * (3 * cube)) * scale, x * (6 * cube * scale)
    return s * (1 - s) * (dv * 2 + x * (ddv + square(dv) * (1 - s * 2)))


_slope_of_tanh = _slope(_core.tanh_grad, lambda y: y * -2)
_slope_of_sigmoid = _slope(_core.sigmoid_grad, lambda y: 1 - y * 2)
_slope_of_softplus = _slope(_core.softplus_grad, _second_of_softplus)
_slope_of_silu = _slope(_core.silu_grad, _second_of_silu)
_slope_of_gelu = _slope(lambda dy, x: _core.gelu_grad(dy, x, False), _second_of_gelu)
_slope_of_gelu_by_tanh = _slope(lambda dy, x: _core.gelu_grad(dy, x, True), _second_of_gelu_by_tanh)
