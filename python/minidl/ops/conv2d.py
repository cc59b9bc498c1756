"""Two-dimensional convolution (cross-correlation, as everywhere in deep learning)."""

from __future__ import annotations

from collections.abc import Sequence

from minidl import _core
from minidl._tape import Tensor, as_floats, record
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import check_groups, expect_images, read_padding, read_pair
from minidl.ops.matmul import fused_activation, fused_relu
from minidl.ops.reduce import sum

Window = tuple  # (strides, borders, dilation, groups), the kernels' last arguments


def conv2d(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    strides: Pair = 1,
    padding: str | Sequence = "valid",
    dilation_rate: Pair = 1,
    groups: int | None = None,
    activation: str | None = None,
    residual: TensorLike | None = None,
) -> Tensor:
    """Convolution of images, with bias, residual and activation in one call.

    Args:
        x: float tensor of shape (batch, height, width, channels).
        kernel: float tensor of shape (kernel height, kernel width, channels / groups, filters).
        bias: float tensor of shape (filters,), or None.
        strides: steps between windows, one number or (vertical, horizontal).
        padding: "valid", "same" (as TensorFlow) or ((top, bottom), (left, right)).
        dilation_rate: distance of the kernel's elements, one number or a pair.
        groups: number of groups of channels; None means channels / the kernel's channels.
        activation: None, "linear" or "relu".
        residual: float tensor of the result's shape, added before the activation, or None.

    Returns:
        A tensor of shape (batch, new height, new width, filters). It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.Conv2D`.

    >>> import minidl
    >>> x, kernel = minidl.ops.ones((1, 4, 4, 1)), minidl.ops.ones((3, 3, 1, 2))
    >>> conv2d(x, kernel, padding="same", strides=2).shape
    (1, 2, 2, 2)
    """
    x, kernel, bias, residual = as_floats(x, kernel, optional=(bias, residual))
    strides = read_pair(strides, "strides", "conv2d")
    dilation = read_pair(dilation_rate, "dilation_rate", "conv2d")
    groups = _check_channels(x.shape, kernel.shape, groups)
    filters = kernel.shape[3]
    if bias is not None and bias.shape != (filters,):
        raise ValueError(f"conv2d: bias must have shape ({filters},). Received: {bias.shape}")
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel.shape[:2], dilation, strict=True))
    borders = read_padding(padding, x.shape[1:3], reach, strides, "conv2d")
    window = (strides, borders, dilation, groups)
    array = _core.conv2d(
        x.data,
        kernel.data,
        None if bias is None else bias.data,
        *window,
        fused_activation(activation),
        None if residual is None else residual.data,
    )
    x_shape, size = x.shape, kernel.shape[:2]
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
        _core.conv2d(x.data, kernel.data, None, *window, "linear"),
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
        _core.conv2d_input_grad(dy.data, kernel.data, x_shape, *window),
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
        _core.conv2d_filter_grad(x.data, dy.data, size, *window),
        (x, dy),
        (
            lambda ddk, x, dy: _input_grad(dy, ddk, x_shape, window),
            lambda ddk, x, dy: _plain(x, ddk, window),
        ),
        (x, dy),
    )


def _check_channels(x: tuple[int, ...], kernel: tuple[int, ...], groups: int | None) -> int:
    """The number of groups, once the channels of x, kernel and groups fit together."""
    expect_images(x, "conv2d")
    if len(kernel) != 4:
        raise ValueError(
            "conv2d: kernel must have 4 axes (height, width, channels / groups, filters). "
            f"Received: shape {kernel}"
        )
    if min(kernel) < 1:
        raise ValueError(f"conv2d: kernel has an empty axis. Received: shape {kernel}")
    channels, wanted, filters = x[3], kernel[2], kernel[3]
    check_groups(groups, "conv2d")
    if groups is None and channels > 0 and channels % wanted == 0:
        groups = channels // wanted
    if groups is None or channels != wanted * groups:
        many = f"{wanted * (groups or 1)}"
        if groups not in (None, 1):
            many += f" ({wanted} in each of {groups} groups)"
        hint = ""
        if x[1] == wanted * (groups or 1):
            hint = (
                "; this looks channels-first: minidl wants (batch, height, width, channels), e.g. "
                "minidl.ops.transpose(x, (0, 2, 3, 1))"
            )
        raise ValueError(
            f"conv2d: x has {channels} channels and the kernel expects {many}{hint}. Received: x "
            f"of shape {x}, kernel of shape {kernel}"
        )
    if filters % groups:
        raise ValueError(
            f"conv2d: the number of filters must be a multiple of the {groups} groups. "
            f"Received: {filters} filters"
        )
    return int(groups)
