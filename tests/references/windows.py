"""Convolution and pooling once more, from all windows of the input at once.

Independent of the references beside it (which go tap by tap or window by window), and fast enough
for thousands of configurations: one matrix product for a convolution, whose input gradient is a
convolution too. x is NHWC, the kernel HWIO, padding (top, bottom, left, right); all in float64.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.cases.conv2d import Conv


def _windows(x, size, strides, padding, dilation=(1, 1), fill=0.0):
    """[batch, row, column, kh, kw, channel]: the pixels under the kernel at every place."""
    top, bottom, left, right = padding
    padded = np.pad(
        np.asarray(x, np.float64),
        ((0, 0), (top, bottom), (left, right), (0, 0)),
        constant_values=fill,
    )
    span = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    view = sliding_window_view(padded, span, axis=(1, 2))
    view = view[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]
    return view.transpose(0, 1, 2, 4, 5, 3)


def _columns(x, conv: Conv):
    """[group, pixel, (kh, kw, channel)]."""
    view = _windows(x, conv.kernel, conv.strides, conv.padding, conv.dilation)
    pixels, per_group = np.prod(view.shape[:3]), x.shape[3] // conv.groups
    split = view.reshape(pixels, -1, conv.groups, per_group)
    return split.transpose(2, 0, 1, 3).reshape(conv.groups, pixels, -1)


def conv2d(x, kernel, conv: Conv):
    """The convolution that `conv` tells of, for any x that its kernel, strides and so on fit."""
    columns = _columns(x, conv)
    matrix = np.asarray(kernel, np.float64).reshape(columns.shape[2], conv.groups, -1)
    y = columns @ matrix.transpose(1, 0, 2)
    return y.transpose(1, 0, 2).reshape(conv.out_shape())


def conv2d_filter_grad(x, dy, conv: Conv):
    columns = _columns(x, conv)
    per_group = np.asarray(dy, np.float64).reshape(columns.shape[1], conv.groups, -1)
    dkernel = columns.transpose(0, 2, 1) @ per_group.transpose(1, 0, 2)
    return dkernel.transpose(1, 0, 2).reshape(conv.kernel_shape())


def conv2d_input_grad(dy, kernel, conv: Conv):
    """dy with zeros between its pixels, convolved with the kernel turned round."""
    batch, height, width, channels = conv.x
    span = [(k - 1) * d + 1 for k, d in zip(conv.kernel, conv.dilation, strict=True)]
    # Pixel i of dy lies at `i * stride + span - 1 - padding before`, where its last tap reads.
    spread = np.zeros((batch, height + span[0] - 1, width + span[1] - 1, conv.out))
    places = []
    for axis in (0, 1):
        at = np.arange(dy.shape[1 + axis]) * conv.strides[axis]
        at += span[axis] - 1 - conv.padding[2 * axis]
        places.append((at, (at >= 0) & (at < spread.shape[1 + axis])))
    (rows, in_rows), (columns, in_columns) = places
    inside = np.asarray(dy, np.float64)[:, in_rows][:, :, in_columns]
    spread[:, rows[in_rows][:, None], columns[in_columns]] = inside
    turned = np.asarray(kernel, np.float64)[::-1, ::-1]
    per_group = channels // conv.groups
    turned = turned.reshape(*conv.kernel, per_group, conv.groups, -1).transpose(0, 1, 4, 3, 2)
    turned = turned.reshape(*conv.kernel, -1, channels)
    back = Conv(spread.shape, channels, conv.kernel, dilation=conv.dilation, groups=conv.groups)
    return conv2d(spread, turned, back)


def max_pool2d(x, pool_size, strides, padding):
    return _windows(x, pool_size, strides, padding, fill=-np.inf).max(axis=(3, 4))


def max_pool2d_grad(dy, x, pool_size, strides, padding):
    """To the first maximum in reading order."""
    view = _windows(x, pool_size, strides, padding, fill=-np.inf)
    batch, height, width, _, _, channels = view.shape
    best = view.reshape(batch, height, width, -1, channels).argmax(axis=3)
    n, i, j, c = np.ogrid[:batch, :height, :width, :channels]
    top, bottom, left, right = padding
    dx = np.zeros((batch, x.shape[1] + top + bottom, x.shape[2] + left + right, channels))
    at = (n, i * strides[0] + best // pool_size[1], j * strides[1] + best % pool_size[1], c)
    np.add.at(dx, at, dy)
    return dx[:, top : top + x.shape[1], left : left + x.shape[2]]


def _counts(shape, pool_size, strides, padding):
    """How many pixels of the input lie in each window."""
    return _windows(np.ones((1, *shape[1:3], 1)), pool_size, strides, padding).sum(axis=(3, 4))


def average_pool2d(x, pool_size, strides, padding):
    total = _windows(x, pool_size, strides, padding).sum(axis=(3, 4))
    return total / _counts(x.shape, pool_size, strides, padding)


def average_pool2d_grad(dy, x_shape, pool_size, strides, padding):
    share = dy / _counts(x_shape, pool_size, strides, padding)
    channels = x_shape[3]
    conv = Conv(x_shape, channels, pool_size, strides, padding, groups=channels)
    return conv2d_input_grad(share, np.ones(conv.kernel_shape()), conv)
