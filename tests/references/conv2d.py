"""Convolution, one tap and one group at a time.

x is NHWC, the kernel HWIO with in/groups input channels, padding (top, bottom, left, right).
"""

import numpy as np


def _taps(kernel_size, dilation):
    for kh in range(kernel_size[0]):
        for kw in range(kernel_size[1]):
            yield kh, kw, kh * dilation[0], kw * dilation[1]


def _out_size(size, kernel, stride, before, after, dilation):
    return (size + before + after - (kernel - 1) * dilation - 1) // stride + 1


def _pad(x, padding):
    top, bottom, left, right = padding
    return np.pad(np.asarray(x, np.float64), ((0, 0), (top, bottom), (left, right), (0, 0)))


def _under(padded, row, column, out_size, strides):
    """The input pixels which the tap at (row, column) meets, one per output pixel."""
    rows = slice(row, row + (out_size[0] - 1) * strides[0] + 1, strides[0])
    columns = slice(column, column + (out_size[1] - 1) * strides[1] + 1, strides[1])
    return padded[:, rows, columns]


def _group(array, groups, g):
    size = array.shape[-1] // groups
    return array[..., g * size : (g + 1) * size]


def conv2d(x, kernel, bias, strides, padding, dilation, groups, activation="linear", residual=None):
    kernel = np.asarray(kernel, np.float64)
    top, bottom, left, right = padding
    out_size = (
        _out_size(x.shape[1], kernel.shape[0], strides[0], top, bottom, dilation[0]),
        _out_size(x.shape[2], kernel.shape[1], strides[1], left, right, dilation[1]),
    )
    padded = _pad(x, padding)
    y = np.zeros((x.shape[0], *out_size, kernel.shape[3]))
    for kh, kw, row, column in _taps(kernel.shape[:2], dilation):
        pixels = _under(padded, row, column, out_size, strides)
        for g in range(groups):
            _group(y, groups, g)[...] += _group(pixels, groups, g) @ _group(
                kernel[kh, kw], groups, g
            )
    if bias is not None:
        y += np.asarray(bias, np.float64)
    if residual is not None:
        y += np.asarray(residual, np.float64)
    return np.where(y < 0, 0.0, y) if activation == "relu" else y


def conv2d_input_grad(
    dy, kernel, input_shape, strides, padding, dilation, groups, bias=None, activation="linear"
):
    """Every output gradient goes back to the input pixels it was made from."""
    dy, kernel = np.asarray(dy, np.float64), np.asarray(kernel, np.float64)
    top, bottom, left, right = padding
    batch, height, width, channels = input_shape
    padded = np.zeros((batch, height + top + bottom, width + left + right, channels))
    for kh, kw, row, column in _taps(kernel.shape[:2], dilation):
        pixels = _under(padded, row, column, dy.shape[1:3], strides)
        for g in range(groups):
            weights = _group(kernel[kh, kw], groups, g)
            _group(pixels, groups, g)[...] += _group(dy, groups, g) @ weights.T
    dx = padded[:, top : top + height, left : left + width]
    if bias is not None:
        dx = dx + np.asarray(bias, np.float64)
    return np.where(dx < 0, 0.0, dx) if activation == "relu" else dx


def conv2d_filter_grad(x, dy, kernel_size, strides, padding, dilation, groups):
    dy = np.asarray(dy, np.float64)
    padded = _pad(x, padding)
    dkernel = np.zeros((*kernel_size, x.shape[3] // groups, dy.shape[3]))
    for kh, kw, row, column in _taps(kernel_size, dilation):
        pixels = _under(padded, row, column, dy.shape[1:3], strides)
        for g in range(groups):
            _group(dkernel[kh, kw], groups, g)[...] = np.tensordot(
                _group(pixels, groups, g), _group(dy, groups, g), axes=((0, 1, 2), (0, 1, 2))
            )
    return dkernel
