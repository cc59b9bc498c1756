"""Depthwise convolution: each channel has filters of its own."""

from __future__ import annotations

from collections.abc import Sequence

from minidl import _core
from minidl._tape import Tensor, as_floats, record
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import expect_images, read_padding, read_pair
from minidl.ops.matmul import fused_activation, fused_relu
from minidl.ops.reduce import sum

Window = tuple  # (strides, borders, dilation), the kernels' last arguments


def depthwise_conv2d(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    strides: Pair = 1,
    padding: str | Sequence = "valid",
    dilation_rate: Pair = 1,
    activation: str | None = None,
    residual: TensorLike | None = None,
) -> Tensor:
    """Convolution of each channel by itself, with bias, residual and activation in one call.

    Args:
        x: float tensor of shape (batch, height, width, channels).
        kernel: float tensor of shape (kernel height, kernel width, channels, multiplier).
        bias: float tensor of shape (channels * multiplier,), or None.
        strides: steps between windows, one number or (vertical, horizontal).
        padding: "valid", "same" (as TensorFlow) or ((top, bottom), (left, right)).
        dilation_rate: distance of the kernel's elements, one number or a pair.
        activation: None, "linear" or "relu".
        residual: float tensor of the result's shape, added before the activation, or None.

    Returns:
        A tensor of shape (batch, new height, new width, channels * multiplier), the results of one
        channel side by side. It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.DepthwiseConv2D`.

    >>> import minidl
    >>> x, kernel = minidl.ops.ones((1, 4, 4, 3)), minidl.ops.ones((3, 3, 3, 2))
    >>> depthwise_conv2d(x, kernel).shape
    (1, 2, 2, 6)
    """
    x, kernel, bias, residual = as_floats(x, kernel, optional=(bias, residual))
    check_depthwise(x.shape, kernel.shape)
    strides = read_pair(strides, "strides", "depthwise_conv2d")
    dilation = read_pair(dilation_rate, "dilation_rate", "depthwise_conv2d")
    size, filters = kernel.shape[:2], kernel.shape[2] * kernel.shape[3]
    if bias is not None and bias.shape != (filters,):
        raise ValueError(
            f"depthwise_conv2d: bias must have shape ({filters},). Received: {bias.shape}"
        )
    reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    borders = read_padding(padding, x.shape[1:3], reach, strides, "depthwise_conv2d")
    window = (strides, borders, dilation)
    array = _core.depthwise_conv2d(
        x.data,
        kernel.data,
        None if bias is None else bias.data,
        *window,
        fused_activation(activation),
        None if residual is None else residual.data,
    )
    x_shape = x.shape
    y = record(
        array,
        (x, kernel, bias, residual),
        (
            lambda dy, x, kernel: _input_grad(dy, kernel, x_shape, window),
            lambda dy, x, kernel: _filter_grad(x, dy, size, window),
            lambda dy, x, kernel: sum(dy, (0, 1, 2)),
            lambda dy, x, kernel: dy,
        ),
        (x, kernel),
    )
    return fused_relu(y) if activation == "relu" else y


def _plain(x: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """The convolution alone: all arguments checked, nothing fused."""
    x_shape, size = x.shape, kernel.shape[:2]
    return record(
        _core.depthwise_conv2d(x.data, kernel.data, None, *window, "linear"),
        (x, kernel),
        (
            lambda dy, x, kernel: _input_grad(dy, kernel, x_shape, window),
            lambda dy, x, kernel: _filter_grad(x, dy, size, window),
        ),
        (x, kernel),
    )


def _input_grad(dy: Tensor, kernel: Tensor, x_shape: tuple[int, ...], window: Window) -> Tensor:
    """The gradient for x: linear in dy and in kernel, so its gradients are convolutions again."""
    size = kernel.shape[:2]
    return record(
        _core.depthwise_conv2d_input_grad(dy.data, kernel.data, x_shape, *window),
        (dy, kernel),
        (
            lambda ddx, dy, kernel: _plain(ddx, kernel, window),
            lambda ddx, dy, kernel: _filter_grad(ddx, dy, size, window),
        ),
        (dy, kernel),
    )


def _filter_grad(x: Tensor, dy: Tensor, size: tuple[int, ...], window: Window) -> Tensor:
    """The gradient for kernel: linear in x and in dy."""
    x_shape = x.shape
    return record(
        _core.depthwise_conv2d_filter_grad(x.data, dy.data, size, *window),
        (x, dy),
        (
            lambda ddk, x, dy: _input_grad(dy, ddk, x_shape, window),
            lambda ddk, x, dy: _plain(x, ddk, window),
        ),
        (x, dy),
    )


def check_depthwise(x: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    """ValueError unless images of shape `x` fit a kernel of that shape."""
    expect_images(x, "depthwise_conv2d")
    if len(kernel) != 4:
        raise ValueError(
            "depthwise_conv2d: kernel must have 4 axes (height, width, channels, multiplier). "
            f"Received: shape {kernel}"
        )
    if min(kernel) < 1:
        raise ValueError(f"depthwise_conv2d: kernel has an empty axis. Received: shape {kernel}")
    if x[3] != kernel[2]:
        hint = ""
        if x[1] == kernel[2]:
            hint = (
                "; this looks channels-first: minidl wants (batch, height, width, channels), e.g. "
                "minidl.ops.transpose(x, (0, 2, 3, 1))"
            )
        raise ValueError(
            f"depthwise_conv2d: x has {x[3]} channels and the kernel {kernel[2]}{hint}. "
            f"Received: x of shape {x}, kernel of shape {kernel}"
        )
