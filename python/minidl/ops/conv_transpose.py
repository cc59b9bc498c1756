"""Transposed convolution: the input gradient of a convolution, run as a forward pass.

Its kernel, (height, width, out, in), is the kernel of that convolution as it stands, and its
gradients are a convolution and a filter gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

from minidl import _core
from minidl._tape import Tensor, as_floats, record
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import (
    check_channels_last,
    expect_images,
    expect_sequences,
    read_pair,
    read_single,
    spatial_rank,
)
from minidl.ops.conv import as_image, as_image_kernel, as_sequence
from minidl.ops.conv2d import _filter_grad, _plain
from minidl.ops.matmul import fused_activation, fused_relu
from minidl.ops.reduce import sum


def conv2d_transpose(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    strides: Pair = 1,
    padding: str = "valid",
    output_padding: Pair | None = None,
    dilation_rate: Pair = 1,
    activation: str | None = None,
) -> Tensor:
    """Transposed convolution of images, with bias and activation.

    Args:
        x: float tensor of shape (batch, height, width, channels).
        kernel: float tensor of shape (kernel height, kernel width, filters, channels).
        bias: float tensor of shape (filters,), or None.
        strides: steps between the windows that are written, one number or a pair.
        padding: "valid" or "same".
        output_padding: rows and columns added to the smallest result, below `strides`; None
            chooses height * stride for "same", and for "valid" what the windows cover, at least
            height * stride.
        dilation_rate: distance of the kernel's elements, one number or a pair.
        activation: None, "linear" or "relu".

    Returns:
        A tensor of shape (batch, new height, new width, filters). It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.Conv2DTranspose`.

    >>> import minidl
    >>> x, kernel = minidl.ops.ones((1, 2, 2, 3)), minidl.ops.ones((3, 3, 5, 3))
    >>> conv2d_transpose(x, kernel, strides=2, padding="same").shape
    (1, 4, 4, 5)
    """
    x, kernel, bias = as_floats(x, kernel, optional=(bias,))
    expect_images(x.shape, "conv2d_transpose")
    strides = read_pair(strides, "strides", "conv2d_transpose")
    dilation = read_pair(dilation_rate, "dilation_rate", "conv2d_transpose")
    extra: tuple = (None, None)
    if output_padding is not None:
        extra = read_pair(output_padding, "output_padding", "conv2d_transpose", least=0)
    _check(x.shape, kernel.shape, None if bias is None else bias.shape)
    act = fused_activation(activation)
    sizes, borders = [], []
    for n, k, s, d, more in zip(
        x.shape[1:3], kernel.shape[:2], strides, dilation, extra, strict=True
    ):
        size, before, after = transposed(n, (k - 1) * d + 1, s, padding, more)
        sizes.append(size)
        borders += [before, after]
    shape = (x.shape[0], *sizes, kernel.shape[2])
    window = (strides, tuple(borders), dilation, 1)
    size = kernel.shape[:2]
    array = _core.conv2d_input_grad(
        x.data, kernel.data, shape, *window, None if bias is None else bias.data, act
    )
    y = record(
        array,
        (x, kernel, bias),
        (
            lambda dy, x, kernel: _plain(dy, kernel, window),
            lambda dy, x, kernel: _filter_grad(dy, x, size, window),
            lambda dy, x, kernel: sum(dy, (0, 1, 2)),
        ),
        (x, kernel),
    )
    return fused_relu(y) if act == "relu" else y


def conv1d_transpose(
    x: TensorLike,
    kernel: TensorLike,
    bias: TensorLike | None = None,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    output_padding: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    activation: str | None = None,
) -> Tensor:
    """Transposed convolution of sequences, with bias and activation.

    Args:
        x: float tensor of shape (batch, steps, channels).
        kernel: float tensor of shape (kernel steps, filters, channels).
        bias: float tensor of shape (filters,), or None.
        strides: steps between the windows that are written.
        padding: "valid" or "same".
        output_padding: steps added to the smallest result, below `strides`; see
            `conv2d_transpose`.
        dilation_rate: distance of the kernel's elements.
        activation: None, "linear" or "relu".

    Returns:
        A tensor of shape (batch, new steps, filters). It can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: the call of `keras.layers.Conv1DTranspose`.

    >>> conv1d_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2).numpy().ravel()
    array([ 1., 10.,  2., 20.], dtype=float32)
    """
    x, kernel = as_floats(x, kernel)
    expect_sequences(x.shape, "conv1d_transpose")
    if len(kernel.shape) != 3:
        raise ValueError(
            "conv1d_transpose: kernel must have 3 axes (steps, filters, channels). "
            f"Received: shape {kernel.shape}"
        )
    extra = None
    if output_padding is not None:
        extra = (0, read_single(output_padding, "output_padding", "conv1d_transpose", least=0))
    y = conv2d_transpose(
        as_image(x),
        as_image_kernel(kernel),
        bias,
        (1, read_single(strides, "strides", "conv1d_transpose")),
        padding,
        extra,
        (1, read_single(dilation_rate, "dilation_rate", "conv1d_transpose")),
        activation,
    )
    return as_sequence(y)


def conv_transpose(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Pair = 1,
    padding: str = "valid",
    output_padding: Pair | None = None,
    data_format: str | None = None,
    dilation_rate: Pair = 1,
) -> Tensor:
    """Transposed convolution with Keras's arguments; see `conv2d_transpose`.

    Args:
        inputs: float tensor of shape (batch, steps, channels) or (batch, height, width, channels).
        kernel: float tensor of shape (kernel steps, filters, channels) or (kernel height, kernel
            width, filters, channels).
        strides: steps between the windows that are written, one number or one per axis.
        padding: "valid" or "same".
        output_padding: what is added to the smallest result, below `strides`; None chooses.
        data_format: "channels_last" or None.
        dilation_rate: distance of the kernel's elements, one number or one per axis.

    Returns:
        A tensor of shape (batch, new steps, filters) or (batch, new height, new width, filters).

    Raises:
        ValueError: if shapes do not fit, or an argument is out of range.
        TypeError: for float32 beside float64.

    Source: `keras.ops.conv_transpose`.

    >>> import minidl
    >>> x, kernel = minidl.ops.ones((1, 2, 2, 3)), minidl.ops.ones((3, 3, 5, 3))
    >>> conv_transpose(x, kernel, 2).shape
    (1, 5, 5, 5)
    """
    check_channels_last(data_format, "conv_transpose")
    inputs, kernel = as_floats(inputs, kernel)
    one = spatial_rank(inputs.shape, "conv_transpose") == 1
    function = conv1d_transpose if one else conv2d_transpose
    return function(inputs, kernel, None, strides, padding, output_padding, dilation_rate)


def transposed(
    size: int, reach: int, stride: int, padding: str, output_padding: int | None
) -> tuple[int, int, int]:
    """One axis of a transposed convolution, as TensorFlow and JAX have it under Keras.

    The windows written by `size` inputs cover (size - 1) * stride + reach cells; some are cut off
    on either side, or cells that no window reaches come behind.

    Args:
        size: inputs along the axis.
        reach: cells that one window spans, dilation included.
        stride: steps between windows.
        padding: "valid" or "same".
        output_padding: None, or a number below `stride`.

    Returns:
        The length of the result, and how many cells are cut off in front and behind: the borders
        of the convolution that goes the other way.
    """
    word = padding.lower() if isinstance(padding, str) else None
    if word not in ("valid", "same"):
        raise ValueError(
            "A transposed convolution takes padding='valid' or 'same'. "
            f"Received: padding={padding!r}"
        )
    if output_padding is not None and output_padding >= stride:
        raise ValueError(
            "`output_padding` must be less than `strides` along each axis. "
            f"Received: output_padding={output_padding}, strides={stride}"
        )
    if word == "valid":
        before = 0
        after = -(max(stride - reach, 0) if output_padding is None else output_padding)
    else:
        if output_padding is None:
            total = stride + reach - 2
        else:
            total = reach + reach % 2 - 2 + output_padding
        front = min(total - total // 2, reach - 1)
        before, after = reach - 1 - front, reach - 1 - (total - front)
    return (size - 1) * stride + reach - before - after, before, max(after, 0)


def _check(x: tuple[int, ...], kernel: tuple[int, ...], bias: tuple[int, ...] | None) -> None:
    if len(kernel) != 4:
        raise ValueError(
            "conv2d_transpose: kernel must have 4 axes (height, width, filters, channels). "
            f"Received: shape {kernel}"
        )
    if min(kernel) < 1:
        raise ValueError(f"conv2d_transpose: kernel has an empty axis. Received: shape {kernel}")
    if x[3] != kernel[3]:
        hint = ""
        if x[1] == kernel[3]:
            hint = (
                "; this looks channels-first: minidl wants (batch, height, width, channels), e.g. "
                "minidl.ops.transpose(x, (0, 2, 3, 1))"
            )
        elif x[3] == kernel[2]:
            hint = "; a transposed convolution's kernel is (height, width, filters, channels)"
        raise ValueError(
            f"conv2d_transpose: x has {x[3]} channels and the kernel expects {kernel[3]}{hint}. "
            f"Received: x of shape {x}, kernel of shape {kernel}"
        )
    if min(x[1:3]) < 1:
        raise ValueError(f"conv2d_transpose: images must not be empty. Received: shape {x}")
    if bias is not None and bias != (kernel[2],):
        raise ValueError(f"conv2d_transpose: bias must have shape ({kernel[2]},). Received: {bias}")
