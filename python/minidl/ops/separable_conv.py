"""Separable convolution: a depthwise one, then a mix of its channels."""

from __future__ import annotations

from collections.abc import Sequence

from minidl._tape import Tensor, as_floats
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import check_channels_last, spatial_rank
from minidl.ops.conv import conv1d
from minidl.ops.conv2d import conv2d
from minidl.ops.depthwise_conv import depthwise_conv1d
from minidl.ops.depthwise_conv2d import depthwise_conv2d


def separable_conv(
    inputs: TensorLike,
    depthwise_kernel: TensorLike,
    pointwise_kernel: TensorLike,
    strides: Pair = 1,
    padding: str | Sequence = "valid",
    data_format: str | None = None,
    dilation_rate: Pair = 1,
    *,
    bias: TensorLike | None = None,
    activation: str | None = None,
) -> Tensor:
    """A depthwise convolution followed by one with a window of a single pixel.

    Args:
        inputs: float tensor of shape (batch, steps, channels) or (batch, height, width, channels).
        depthwise_kernel: float tensor of shape (kernel steps, channels, multiplier) or (kernel
            height, kernel width, channels, multiplier).
        pointwise_kernel: float tensor of shape (1, channels * multiplier, filters) or (1, 1,
            channels * multiplier, filters).
        strides: steps between windows, one number or one per axis.
        padding: "valid" or "same".
        data_format: "channels_last" or None.
        dilation_rate: distance of the depthwise kernel's elements.
        bias: float tensor of shape (filters,), or None.
        activation: None, "linear" or "relu".

    Returns:
        A tensor whose last axis has `filters` elements. It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: `keras.ops.separable_conv`; bias and activation are minidl's.

    >>> import minidl
    >>> x, depthwise = minidl.ops.ones((1, 4, 4, 3)), minidl.ops.ones((3, 3, 3, 2))
    >>> separable_conv(x, depthwise, minidl.ops.ones((1, 1, 6, 5))).shape
    (1, 2, 2, 5)
    """
    check_channels_last(data_format, "separable_conv")
    x, depthwise, pointwise, bias = as_floats(
        inputs, depthwise_kernel, pointwise_kernel, optional=(bias,)
    )
    rank = spatial_rank(x.shape, "separable_conv")
    _check_pointwise(depthwise.shape, pointwise.shape, rank)
    if rank == 1:
        y = depthwise_conv1d(x, depthwise, None, strides, padding, dilation_rate)
        return conv1d(y, pointwise, bias, groups=1, activation=activation)
    y = depthwise_conv2d(x, depthwise, None, strides, padding, dilation_rate)
    return conv2d(y, pointwise, bias, groups=1, activation=activation)


def _check_pointwise(depthwise: tuple[int, ...], pointwise: tuple[int, ...], rank: int) -> None:
    if len(depthwise) != rank + 2:
        raise ValueError(
            f"separable_conv: depthwise_kernel must have {rank + 2} axes. "
            f"Received: shape {depthwise}"
        )
    ones = (1,) * rank
    channels = depthwise[-2] * depthwise[-1]
    if len(pointwise) != rank + 2 or pointwise[:-1] != (*ones, channels):
        wanted = ", ".join(map(str, (*ones, channels)))
        raise ValueError(
            f"separable_conv: pointwise_kernel must have shape ({wanted}, filters) beside a "
            f"depthwise_kernel of shape {depthwise}. Received: shape {pointwise}"
        )
