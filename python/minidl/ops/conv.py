"""Convolution with Keras's arguments, and that of sequences: images of height 1."""

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
from minidl.ops.conv2d import conv2d
from minidl.ops.shape import reshape


def conv1d(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence = "valid",
    dilation_rate: int | Sequence[int] = 1,
    groups: int | None = None,
    activation: str | None = None,
) -> Tensor:
    """Convolution of sequences, with bias and activation in one call.

    Args:
        x: float tensor of shape (batch, steps, channels).
        kernel: float tensor of shape (kernel steps, channels / groups, filters).
        bias: float tensor of shape (filters,), or None.
        strides: steps between windows.
        padding: "valid", "same" (as TensorFlow), "causal" (a result sees no later step) or
            (before, after).
        dilation_rate: distance of the kernel's elements.
        groups: number of groups of channels; None means channels / the kernel's channels.
        activation: None, "linear" or "relu".

    Returns:
        A tensor of shape (batch, new steps, filters). It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.Conv1D`.

    >>> import minidl
    >>> conv1d([[[1.0], [2.0], [3.0]]], [[[1.0]], [[1.0]]], padding="causal").numpy().ravel()
    array([1., 3., 5.], dtype=float32)
    """
    x, kernel = as_floats(x, kernel)
    expect_sequences(x.shape, "conv1d")
    if len(kernel.shape) != 3:
        raise ValueError(
            "conv1d: kernel must have 3 axes (steps, channels / groups, filters). "
            f"Received: shape {kernel.shape}"
        )
    strides = read_single(strides, "strides", "conv1d")
    dilation = read_single(dilation_rate, "dilation_rate", "conv1d")
    y = conv2d(
        as_image(x),
        as_image_kernel(kernel),
        bias,
        (1, strides),
        read_side_padding(padding, kernel.shape[0], dilation, "conv1d"),
        (1, dilation),
        groups,
        activation,
    )
    return as_sequence(y)


def conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Pair = 1,
    padding: str | Sequence = "valid",
    data_format: str | None = None,
    dilation_rate: Pair = 1,
) -> Tensor:
    """Convolution of sequences or images, with Keras's arguments; see `conv1d` and `conv2d`.

    Args:
        inputs: float tensor of shape (batch, steps, channels) or (batch, height, width, channels).
        kernel: float tensor of shape (kernel steps, channels / groups, filters) or (kernel height,
            kernel width, channels / groups, filters); the number of groups follows from it.
        strides: steps between windows, one number or one per axis.
        padding: "valid" or "same".
        data_format: "channels_last" or None.
        dilation_rate: distance of the kernel's elements, one number or one per axis.

    Returns:
        A tensor of shape (batch, new steps, filters) or (batch, new height, new width, filters).

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: `keras.ops.conv`.

    >>> import minidl
    >>> conv(minidl.ops.ones((1, 4, 4, 1)), minidl.ops.ones((3, 3, 1, 2))).shape
    (1, 2, 2, 2)
    >>> conv(minidl.ops.ones((1, 4, 1)), minidl.ops.ones((3, 1, 2))).shape
    (1, 2, 2)
    """
    check_channels_last(data_format, "conv")
    inputs, kernel = as_floats(inputs, kernel)
    function = conv1d if spatial_rank(inputs.shape, "conv") == 1 else conv2d
    return function(inputs, kernel, None, strides, padding, dilation_rate)


def as_image(x: Tensor) -> Tensor:
    """(batch, steps, channels) as images of height 1."""
    return reshape(x, (x.shape[0], 1, *x.shape[1:]))


def as_image_kernel(kernel: Tensor) -> Tensor:
    """(steps, ...) as a kernel of height 1."""
    return reshape(kernel, (1, *kernel.shape))


def as_sequence(y: Tensor) -> Tensor:
    """Images of height 1 as (batch, steps, channels)."""
    return reshape(y, (y.shape[0], *y.shape[2:]))
