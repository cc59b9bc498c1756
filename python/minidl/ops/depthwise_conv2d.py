"""Depthwise convolution: each channel has filters of its own."""

from __future__ import annotations

from collections.abc import Sequence

from minidl._tape import Tensor, as_floats
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import expect_images
from minidl.ops.conv2d import conv2d
from minidl.ops.shape import reshape


def depthwise_conv2d(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    strides: Pair = 1,
    padding: str | Sequence = "valid",
    dilation_rate: Pair = 1,
    activation: str | None = None,
) -> Tensor:
    """Convolution of each channel by itself, with bias and activation in one call.

    Args:
        x: float tensor of shape (batch, height, width, channels).
        kernel: float tensor of shape (kernel height, kernel width, channels, multiplier).
        bias: float tensor of shape (channels * multiplier,), or None.
        strides: steps between windows, one number or (vertical, horizontal).
        padding: "valid", "same" (as TensorFlow) or ((top, bottom), (left, right)).
        dilation_rate: distance of the kernel's elements, one number or a pair.
        activation: None, "linear" or "relu".

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
    x, kernel, bias = as_floats(x, kernel, optional=(bias,))
    check_depthwise(x.shape, kernel.shape)
    height, width, channels, multiplier = kernel.shape
    grouped = reshape(kernel, (height, width, 1, channels * multiplier))
    return conv2d(x, grouped, bias, strides, padding, dilation_rate, channels, activation)


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
