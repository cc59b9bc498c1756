"""Convolution and pooling: ONNX has the channels in front, so inputs and outputs are turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import layers as L
from ...ops.conv_transpose import transposed
from ._graph import Value, Writer
from ._registry import layer, op


def channels_first(w: Writer, x: Value) -> Value:
    """(batch, channels, ...) of (batch, ..., channels)."""
    return w.transpose(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def channels_last(w: Writer, x: Value) -> Value:
    """The way back."""
    return w.transpose(x, (0, *range(2, x.ndim), 1))


def _many(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (int(value),) * rank


def _borders(
    w: Writer,
    sizes: Sequence[int | None],
    reach: Sequence[int],
    strides: Sequence[int],
    padding: Any,
) -> tuple[dict, list[int | None]]:
    """The attributes that say the padding, and the sizes of the result."""
    rank = len(sizes)
    open_sizes = False
    before, after, out = [], [], []
    for i, (n, k, s) in enumerate(zip(sizes, reach, strides, strict=True)):
        front = back = 0
        if padding == "same":
            if n is None and k <= min(s, 2):
                back = k - 1  # in front there is nothing, and what is too much behind does no harm
            elif n is None and s > 1:
                open_sizes = True
            else:
                total = k - s if n is None else (-(-n // s) - 1) * s + k - n
                total = max(total, 0)
                front, back = total // 2, total - total // 2
            out.append(None if n is None else -(-n // s))
        else:
            if padding == "causal":
                front = k - 1
            elif padding != "valid":
                front, back = padding[i] if isinstance(padding[0], (list, tuple)) else padding
            out.append(None if n is None else (n + front + back - k) // s + 1)
        before.append(front)
        after.append(back)
    if open_sizes:
        if any(k < s for k, s in zip(reach, strides, strict=True)):
            raise NotImplementedError(
                f"{w.scope}: padding='same' of open sizes with strides wider than the window "
                "cannot be exported to ONNX. Give the sizes in `Input`."
            )
        return {"auto_pad": "SAME_UPPER"}, out
    return {"pads": [*before, *after]} if rank else {}, out


def convolve(
    w: Writer,
    x: Value,
    kernel: Value,
    bias: Any,
    strides: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Value:
    """`Conv` of a channels-last tensor; the kernel is (filters, channels / groups, ...)."""
    rank = x.ndim - 2
    strides, dilation = _many(strides, rank), _many(dilation, rank)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel.shape[2:], dilation, strict=True)]
    attributes, sizes = _borders(w, x.shape[1:-1], reach, strides, padding)
    out = w.node(
        "Conv",
        [channels_first(w, x), kernel, None if bias is None else w.value(bias)],
        (x.shape[0], kernel.shape[0], *sizes),
        kernel_shape=list(kernel.shape[2:]),
        strides=list(strides),
        dilations=list(dilation),
        group=groups,
        **attributes,
    )
    return channels_last(w, out)


def _plain_kernel(w: Writer, kernel: Any) -> Value:
    """(..., channels, filters) as (filters, channels, ...)."""
    return _turned(w, kernel, lambda k: np.moveaxis(k, (-1, -2), (0, 1)), "/oihw")


def _depthwise_kernel(w: Writer, kernel: Any) -> Value:
    """(..., channels, multiplier) as (channels * multiplier, 1, ...)."""

    def change(k):
        k = k.reshape(*k.shape[:-2], -1)
        return np.moveaxis(k, -1, 0)[:, None]

    return _turned(w, kernel, change, "/depthwise")


def _turned(w: Writer, kernel: Any, change: Any, tag: str) -> Value:
    if isinstance(kernel, Value):
        if kernel.array is None:
            raise NotImplementedError(f"{w.scope}: a kernel that is computed cannot be exported.")
        return w.const(change(kernel.array))
    return w.weight(kernel, change, tag)


# -- ops ------------------------------------------------------------------------------------------
def _kernel_channels(kernel: Any) -> int:
    return kernel.shape[-2]


@op("conv")
def _conv(w, inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    groups = inputs.shape[-1] // _kernel_channels(kernel)
    turned = _plain_kernel(w, kernel)
    return convolve(w, inputs, turned, None, strides, _lower(padding), dilation_rate, groups)


@op("conv1d", "conv2d")
def _conv_with_bias(
    w, x, kernel, bias=None, strides=1, padding="valid", dilation_rate=1, groups=None,
    activation=None, residual=None,
):  # fmt: skip
    groups = groups or x.shape[-1] // _kernel_channels(kernel)
    turned = _plain_kernel(w, kernel)
    out = convolve(w, x, turned, bias, strides, _lower(padding), dilation_rate, groups)
    out = out if residual is None else w.binary("Add", out, residual)
    return w.unary("Relu", out) if activation == "relu" else out


@op("depthwise_conv")
def _depthwise(w, inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    turned = _depthwise_kernel(w, kernel)
    window = (strides, _lower(padding), dilation_rate)
    return convolve(w, inputs, turned, None, *window, inputs.shape[-1])


@op("separable_conv")
def _separable(
    w, inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None,
    dilation_rate=1, bias=None, activation=None,
):  # fmt: skip
    deep = _depthwise(w, inputs, depthwise_kernel, strides, padding, None, dilation_rate)
    out = convolve(w, deep, _plain_kernel(w, pointwise_kernel), bias, 1, "valid", 1, 1)
    return w.unary("Relu", out) if activation == "relu" else out


@op("conv_transpose")
def _conv_transpose(
    w, inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None,
    dilation_rate=1, bias=None,
):  # fmt: skip
    rank = inputs.ndim - 2
    turned = _turned(w, kernel, lambda k: np.moveaxis(k, (-1, -2), (0, 1)), "/iohw")
    strides, dilation = _many(strides, rank), _many(dilation_rate, rank)
    extra = (None,) * rank if output_padding is None else _many(output_padding, rank)
    before, after, more, sizes = [], [], [], []
    columns = zip(inputs.shape[1:-1], turned.shape[2:], strides, dilation, extra, strict=True)
    for n, k, s, d, e in columns:
        reach = (k - 1) * d + 1
        size, front, _ = transposed(1 if n is None else n, reach, s, _lower(padding), e)
        covered = ((1 if n is None else n) - 1) * s + reach
        back = covered - front - size
        before.append(front)
        after.append(max(back, 0))
        more.append(max(-back, 0))
        sizes.append(None if n is None else size)
    out = w.node(
        "ConvTranspose",
        [channels_first(w, inputs), turned],
        (inputs.shape[0], turned.shape[1], *sizes),
        kernel_shape=list(turned.shape[2:]),
        strides=list(strides),
        dilations=list(dilation),
        pads=[*before, *after],
        output_padding=more,
    )
    out = channels_last(w, out)
    return out if bias is None else w.binary("Add", out, bias)


@op("max_pool", "max_pool2d")
def max_pool(w, inputs, pool_size=2, strides=None, padding="valid", data_format=None):
    return _pool(w, "MaxPool", inputs, pool_size, strides, padding)


@op("average_pool", "average_pool2d")
def average_pool(w, inputs, pool_size=2, strides=None, padding="valid", data_format=None):
    return _pool(w, "AveragePool", inputs, pool_size, strides, padding, count_include_pad=0)


def _pool(w, operator, x, pool_size, strides, padding, **attributes):
    rank = x.ndim - 2
    size = _many(pool_size, rank)
    strides = size if strides is None else _many(strides, rank)
    borders, sizes = _borders(w, x.shape[1:-1], size, strides, _lower(padding))
    out = w.node(
        operator,
        [channels_first(w, x)],
        (x.shape[0], x.shape[-1], *sizes),
        kernel_shape=list(size),
        strides=list(strides),
        **borders,
        **attributes,
    )
    return channels_last(w, out)


def _lower(padding: Any) -> Any:
    return padding.lower() if isinstance(padding, str) else padding


# -- layers ---------------------------------------------------------------------------------------
@layer(L.Conv1D, L.Conv2D, L.AtrousConv2D, floats=True)
def _conv_layer(w, layer, x):
    window = (layer.strides, layer.padding, layer.dilation_rate, layer.groups)
    return w.activate(layer, convolve(w, x, _plain_kernel(w, layer.kernel), layer.bias, *window))


@layer(L.DepthwiseConv1D, L.DepthwiseConv2D, floats=True)
def _depthwise_layer(w, layer, x):
    window = (layer.strides, layer.padding, layer.dilation_rate, x.shape[-1])
    kernel = _depthwise_kernel(w, layer.kernel)
    return w.activate(layer, convolve(w, x, kernel, layer.bias, *window))


@layer(L.SeparableConv1D, L.SeparableConv2D, floats=True)
def _separable_layer(w, layer, x):
    kernels = (layer.depthwise_kernel, layer.pointwise_kernel)
    window = (layer.strides, layer.padding, None, layer.dilation_rate)
    return w.activate(layer, _separable(w, x, *kernels, *window, layer.bias))


@layer(L.Conv1DTranspose, L.Conv2DTranspose, floats=True)
def _transpose_layer(w, layer, x):
    window = (layer.strides, layer.padding, layer.output_padding, None, layer.dilation_rate)
    return w.activate(layer, _conv_transpose(w, x, layer.kernel, *window, layer.bias))


@layer(L.MaxPooling1D, L.MaxPooling2D, floats=True)
def _max_layer(w, layer, x):
    return max_pool(w, x, layer.pool_size, layer.strides, layer.padding)


@layer(L.AveragePooling1D, L.AveragePooling2D, floats=True)
def _average_layer(w, layer, x):
    return average_pool(w, x, layer.pool_size, layer.strides, layer.padding)


@layer(L.GlobalMaxPooling1D, L.GlobalMaxPooling2D, floats=True)
def _global_max(w, layer, x):
    return _global(w, "GlobalMaxPool", layer, x)


@layer(L.GlobalAveragePooling2D, floats=True)
def _global_average(w, layer, x):
    return _global(w, "GlobalAveragePool", layer, x)


@layer(L.GlobalAveragePooling1D, floats=True)
def _global_average_1d(w, layer, x):
    if x.mask is None:
        return _global(w, "GlobalAveragePool", layer, x)
    keep = w.expand_dims(w.cast(x.mask, x.dtype), -1)
    total = w.reduce("ReduceSum", w.where(w.expand_dims(x.mask, -1), x, 0.0), [1], layer.keepdims)
    return w.binary("Div", total, w.reduce("ReduceSum", keep, [1], layer.keepdims))


def _global(w, operator, layer, x):
    ones = (1,) * (x.ndim - 2)
    out = w.node(operator, [channels_first(w, x)], (x.shape[0], x.shape[-1], *ones))
    if layer.keepdims:
        return channels_last(w, out)
    return w.squeeze(out, list(range(2, x.ndim)))
