"""Depthwise convolution with Keras's arguments, and that of sequences."""

from __future__ import annotations

from collections.abc import Sequence

from minidl._tape import Tensor, as_floats
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import (
    check_channels_last,
    expect_sequences,
    read_side_padding,
    read_single,
    spatial_rank,
)
from minidl.ops.conv import as_image, as_image_kernel, as_sequence
from minidl.ops.depthwise_conv2d import depthwise_conv2d


def depthwise_conv1d(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence = "valid",
    dilation_rate: int | Sequence[int] = 1,
    activation: str | None = None,
) -> Tensor:
    """Convolution of each channel of sequences by itself.

    Args:
        x: float tensor of shape (batch, steps, channels).
        kernel: float tensor of shape (kernel steps, channels, multiplier).
        bias: float tensor of shape (channels * multiplier,), or None.
        strides: steps between windows.
        padding: "valid", "same" (as TensorFlow), "causal" or (before, after).
        dilation_rate: distance of the kernel's elements.
        activation: None, "linear" or "relu".

    Returns:
        A tensor of shape (batch, new steps, channels * multiplier). It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.DepthwiseConv1D`.

    >>> import minidl
    >>> depthwise_conv1d(minidl.ops.ones((1, 5, 3)), minidl.ops.ones((2, 3, 2))).shape
    (1, 4, 6)
    """
    x, kernel = as_floats(x, kernel)
    expect_sequences(x.shape, "depthwise_conv1d")
    if len(kernel.shape) != 3:
        raise ValueError(
            "depthwise_conv1d: kernel must have 3 axes (steps, channels, multiplier). "
            f"Received: shape {kernel.shape}"
        )
    strides = read_single(strides, "strides", "depthwise_conv1d")
    dilation = read_single(dilation_rate, "dilation_rate", "depthwise_conv1d")
    y = depthwise_conv2d(
        as_image(x),
        as_image_kernel(kernel),
        bias,
        (1, strides),
        read_side_padding(padding, kernel.shape[0], dilation, "depthwise_conv1d"),
        (1, dilation),
        activation,
    )
    return as_sequence(y)


def depthwise_conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Pair = 1,
    padding: str | Sequence = "valid",
    data_format: str | None = None,
    dilation_rate: Pair = 1,
) -> Tensor:
    """Depthwise convolution with Keras's arguments; see `depthwise_conv2d`.

    Args:
        inputs: float tensor of shape (batch, steps, channels) or (batch, height, width, channels).
        kernel: float tensor of shape (kernel steps, channels, multiplier) or (kernel height,
            kernel width, channels, multiplier).
        strides: steps between windows, one number or one per axis.
        padding: "valid" or "same".
        data_format: "channels_last" or None.
        dilation_rate: distance of the kernel's elements, one number or one per axis.

    Returns:
        A tensor whose last axis has channels * multiplier elements.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: `keras.ops.depthwise_conv`.

    >>> import minidl
    >>> depthwise_conv(minidl.ops.ones((1, 4, 4, 3)), minidl.ops.ones((3, 3, 3, 2))).shape
    (1, 2, 2, 6)
    """
    check_channels_last(data_format, "depthwise_conv")
    inputs, kernel = as_floats(inputs, kernel)
    one = spatial_rank(inputs.shape, "depthwise_conv") == 1
    function = depthwise_conv1d if one else depthwise_conv2d
    return function(inputs, kernel, None, strides, padding, dilation_rate)
