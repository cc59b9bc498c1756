"""Cases of pooling: overlap, gaps, uneven padding, windows cut off at the borders."""

import numpy as np
from minidl import ops

from tests.cases.case import Case

CONFIGURATIONS = {  # input shape, pool_size, strides, padding (top, bottom, left, right)
    "2x2": ((2, 6, 6, 3), (2, 2), (2, 2), (0, 0, 0, 0)),
    "3x3_overlap": ((2, 7, 6, 3), (3, 3), (1, 1), (0, 0, 0, 0)),
    "3x3_same": ((2, 6, 7, 2), (3, 3), (2, 2), (0, 1, 1, 1)),
    "uneven_padding": ((1, 5, 6, 3), (3, 2), (1, 2), (2, 0, 1, 0)),
    "leftover": ((1, 5, 8, 4), (2, 3), (2, 3), (0, 0, 0, 0)),
    "gaps": ((2, 7, 7, 1), (1, 2), (3, 3), (0, 0, 0, 0)),
    "whole_image": ((2, 4, 5, 3), (4, 5), (1, 1), (0, 0, 0, 0)),
    "row_window": ((1, 3, 8, 17), (1, 3), (1, 2), (0, 0, 1, 1)),
    "one_pixel": ((2, 3, 3, 2), (1, 1), (1, 1), (0, 0, 0, 0)),
    "channels_33": ((1, 4, 4, 33), (2, 2), (2, 2), (0, 0, 0, 0)),
}


def _sides(padding):
    top, bottom, left, right = padding
    return (top, bottom), (left, right)


def _max_op(x, pool_size, strides, padding):
    return ops.max_pool2d(x, pool_size, strides=strides, padding=_sides(padding))


def _average_op(x, pool_size, strides, padding):
    return ops.average_pool2d(x, pool_size, strides=strides, padding=_sides(padding))


def _out_shape(shape, pool_size, strides, padding):
    top, bottom, left, right = padding
    height = (shape[1] + top + bottom - pool_size[0]) // strides[0] + 1
    width = (shape[2] + left + right - pool_size[1]) // strides[1] + 1
    return shape[0], height, width, shape[3]


def _maximum(x, pool_size, strides, padding):
    """The forward result, by padding with -inf: what the gradient kernel is handed."""
    padded = np.pad(x, ((0, 0), *_sides(padding), (0, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, pool_size, axis=(1, 2))
    return np.ascontiguousarray(windows[:, :: strides[0], :: strides[1]].max(axis=(-2, -1)))


def _cases():
    for name, (shape, *settings) in CONFIGURATIONS.items():

        def forward(g, shape=shape, settings=settings, values="distinct"):
            return getattr(g, values)(g.n(shape[0]), *shape[1:]), *settings

        def max_grad(g, shape=shape, settings=settings, values="distinct"):
            x = getattr(g, values)(*shape)
            return g.normal(*_out_shape(shape, *settings)), x, _maximum(x, *settings), *settings

        def tied(g, make=max_grad):
            # Few different values: many windows hold their maximum more than once.
            return make(_Ties(g))

        def average_grad(g, shape=shape, settings=settings):
            return g.normal(*_out_shape(shape, *settings)), shape, *settings

        cells = settings[0][0] * settings[0][1]
        yield Case("max_pool2d", name, forward, op=_max_op, wrt=(0,))
        yield Case("max_pool2d_grad", name, max_grad, terms=cells)
        yield Case("max_pool2d_grad", f"{name}_ties", tied, terms=cells)
        yield Case("average_pool2d", name, forward, terms=cells, op=_average_op, wrt=(0,))
        yield Case("average_pool2d_grad", name, average_grad, terms=cells)


class _Ties:
    """A maker whose distinct values are not distinct at all."""

    def __init__(self, make):
        self.normal = make.normal
        self.distinct = lambda *shape: make.integers(-1, 1, *shape)


def _speed(g):
    return g.normal(8, 56, 56, 64), (2, 2), (2, 2), (0, 0, 0, 0)


CASES = [*_cases(), Case("max_pool2d", "speed", _speed, row="max pool 2x2 8x56x56x64")]
