"""Pooling, one window at a time. NHWC; padding is (top, bottom, left, right)."""

import numpy as np


def _windows(height, width, pool_size, strides, padding):
    """Yield (row, column, rows of the window, columns of the window), padding cut off."""
    top, bottom, left, right = padding
    out_height = (height + top + bottom - pool_size[0]) // strides[0] + 1
    out_width = (width + left + right - pool_size[1]) // strides[1] + 1
    for i in range(out_height):
        first = i * strides[0] - top
        rows = range(max(first, 0), min(first + pool_size[0], height))
        for j in range(out_width):
            start = j * strides[1] - left
            yield i, j, rows, range(max(start, 0), min(start + pool_size[1], width))


def _out_shape(shape, pool_size, strides, padding):
    batch, height, width, channels = shape
    cells = [(i, j) for i, j, _, _ in _windows(height, width, pool_size, strides, padding)]
    rows, columns = (cells[-1][0] + 1, cells[-1][1] + 1) if cells else (0, 0)
    return batch, rows, columns, channels


def _cut(x, rows, columns):
    return x[:, rows.start : rows.stop, columns.start : columns.stop]


def max_pool2d(x, pool_size, strides, padding):
    x = np.asarray(x, np.float64)
    y = np.full(_out_shape(x.shape, pool_size, strides, padding), -np.inf)
    for i, j, rows, columns in _windows(*x.shape[1:3], pool_size, strides, padding):
        if rows and columns:
            y[:, i, j] = _cut(x, rows, columns).max(axis=(1, 2))
    return y


def max_pool2d_grad(dy, x, y, pool_size, strides, padding):
    """The first maximum in reading order takes the gradient; a NaN counts as a maximum."""
    dy, x = np.asarray(dy, np.float64), np.asarray(x, np.float64)
    dx = np.zeros(x.shape)
    batch, _, _, channels = x.shape
    for i, j, rows, columns in _windows(*x.shape[1:3], pool_size, strides, padding):
        for n in range(batch):
            for c in range(channels):
                # np.argmax takes the first of equals, and a NaN before any number.
                best = np.argmax(_cut(x, rows, columns)[n, :, :, c])
                row, column = divmod(int(best), len(columns))
                dx[n, rows[row], columns[column], c] += dy[n, i, j, c]
    return dx


def average_pool2d(x, pool_size, strides, padding):
    """Cells of padding are not counted, as in Keras."""
    x = np.asarray(x, np.float64)
    y = np.zeros(_out_shape(x.shape, pool_size, strides, padding))
    for i, j, rows, columns in _windows(*x.shape[1:3], pool_size, strides, padding):
        y[:, i, j] = _cut(x, rows, columns).sum(axis=(1, 2)) / (len(rows) * len(columns))
    return y


def average_pool2d_grad(dy, x_shape, pool_size, strides, padding):
    dy = np.asarray(dy, np.float64)
    dx = np.zeros(x_shape)
    for i, j, rows, columns in _windows(*x_shape[1:3], pool_size, strides, padding):
        share = dy[:, i, j] / (len(rows) * len(columns))
        for row in rows:
            for column in columns:
                dx[:, row, column] += share
    return dx
