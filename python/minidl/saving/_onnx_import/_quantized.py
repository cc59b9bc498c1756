"""Integers that stand for floats, by a scale and a zero point. No gradient goes through."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._tape import Tensor
from ._convolutions import _conv
from ._program import Images
from ._read import dtype_of
from ._registry import IMAGES, Refused, axes_in, operator


def _spread(v: Any, shape: tuple, axis: int, block: int) -> np.ndarray:
    """Scales or zero points in a shape that broadcasts with the values."""
    array = np.asarray(v.data)
    if array.size == 1 and not block:
        return array.reshape(())
    (along,) = axes_in([axis], len(shape))
    if block:
        if array.ndim != len(shape) or block < 1:
            raise ValueError(f"block_size={block} for scales of shape {array.shape}")
        wide = np.repeat(array, min(block, shape[along]), along)
        return wide[tuple(slice(0, n) for n in shape)]
    if array.shape != (shape[along],):
        raise ValueError(f"scales of shape {array.shape} for axis {axis} of shape {shape}")
    return array.reshape(-1, *(1,) * (len(shape) - 1 - along))


def _rounded(x: np.ndarray, zero: np.ndarray, dtype: np.dtype) -> Tensor:
    """To the nearest integer, halves to the even one, within the range of the dtype."""
    if dtype.kind not in "iu":
        raise Refused(f"the dtype {dtype} of the quantised values")
    limits = np.iinfo(dtype)
    shifted = np.rint(x) + zero.astype("float64")
    return Tensor(np.clip(shifted, limits.min, limits.max).astype(dtype))


@operator("QuantizeLinear")
def _quantize(axis=1, block_size=0, output_dtype=0, precision=0, saturate=1):
    wanted = dtype_of(output_dtype, "attribute output_dtype") if output_dtype else None
    if precision:
        dtype_of(precision, "attribute precision")

    def run(x, scale, zero=None):
        dtype = zero.data.dtype if zero is not None else wanted or np.dtype("uint8")
        shape = tuple(x.shape)
        shift = np.zeros(()) if zero is None else _spread(zero, shape, axis, block_size)
        share = np.asarray(x.data) / _spread(scale, shape, axis, block_size)
        return _rounded(share, shift, dtype)

    return run


@operator("DequantizeLinear")
def _dequantize(axis=1, block_size=0, output_dtype=0):
    wanted = dtype_of(output_dtype, "attribute output_dtype") if output_dtype else None

    def run(x, scale, zero=None):
        shape = tuple(x.shape)
        values = np.asarray(x.data).astype("int64")
        if zero is not None:
            values = values - _spread(zero, shape, axis, block_size).astype("int64")
        dtype = wanted or scale.data.dtype
        return Tensor((values * _spread(scale, shape, axis, block_size)).astype(dtype))

    return run


@operator("DynamicQuantizeLinear")
def _dynamic():
    def run(x):
        values = np.asarray(x.data)
        low, high = min(0.0, values.min(initial=0)), max(0.0, values.max(initial=0))
        scale = np.float32((np.float32(high) - np.float32(low)) / np.float32(255))
        zero = np.clip(np.rint(-low / scale), 0, 255) if scale else np.float32(0)
        share = values / scale if scale else values
        return _rounded(share, zero, np.dtype("uint8")), Tensor(scale), Tensor(zero.astype("uint8"))

    return run


def _whole(x: Any, zero: Any, rows: bool) -> np.ndarray:
    """The integers without their zero point, which may be one for each row or column."""
    values = np.asarray(x.data).astype("int64")
    if zero is None:
        return values
    point = np.asarray(zero.data).astype("int64")
    if point.ndim == 1 and point.size > 1 and rows:
        point = point[:, None]
    return values - point


@operator("MatMulInteger")
def _matmul_integer():
    def run(a, b, a_zero=None, b_zero=None):
        product = np.matmul(_whole(a, a_zero, True), _whole(b, b_zero, False))
        return Tensor(product.astype("int32"))

    return run


@operator("QLinearMatMul")
def _quantized_matmul():
    def run(a, a_scale, a_zero, b, b_scale, b_zero, scale, zero):
        product = np.matmul(_whole(a, a_zero, True), _whole(b, b_zero, False))
        first = np.asarray(a_scale.data, "float64")
        first = first[:, None] if first.ndim == 1 and first.size > 1 else first
        share = product * first * np.asarray(b_scale.data, "float64") / np.asarray(scale.data)
        return _rounded(share, np.asarray(zero.data), zero.data.dtype)

    return run


def _sums(run: Any, x: Any, x_zero: Any, w: Any, w_zero: Any) -> np.ndarray:
    """The convolution of integers, exactly: in float64."""
    x = x.first() if isinstance(x, Images) else x
    values = _whole(x, x_zero, False)
    kernel = np.asarray(w.data).astype("int64")
    if w_zero is not None:
        point = np.asarray(w_zero.data).astype("int64")
        kernel = kernel - point.reshape(-1, *(1,) * (kernel.ndim - 1))
    out = run(Tensor(values.astype("float64")), Tensor(kernel.astype("float64")))
    return np.rint(np.asarray(out.last.data))


@operator("ConvInteger", layout=IMAGES)
def _conv_integer(
    auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, pads=None, strides=None
):
    convolve = _conv(auto_pad, dilations, group, kernel_shape, pads, strides)

    def run(x, w, x_zero=None, w_zero=None):
        return Images(Tensor(_sums(convolve, x, x_zero, w, w_zero).astype("int32")))

    return run


@operator("QLinearConv", layout=IMAGES)
def _quantized_conv(
    auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, pads=None, strides=None
):
    convolve = _conv(auto_pad, dilations, group, kernel_shape, pads, strides)

    def run(x, x_scale, x_zero, w, w_scale, w_zero, scale, zero, bias=None):
        sums = _sums(convolve, x, x_zero, w, w_zero)
        sums = sums if bias is None else sums + np.asarray(bias.data)
        factor = np.asarray(x_scale.data, "float64") * np.asarray(w_scale.data)
        share = sums * factor / np.asarray(scale.data)
        return Images(_rounded(share, np.asarray(zero.data), zero.data.dtype))

    return run
