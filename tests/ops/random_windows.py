"""Seeded random configurations of convolutions, pooling and matrix products, odd ones included."""

import numpy as np

from tests.cases.conv2d import Conv

TINY = ((1, 1), (7, 7), (1, 7), (3, 2))
# What a reference of windows may unfold, and a kernel compute: thousands are to run in seconds.
MOST_UNFOLDED = 1_000_000
MOST_WORK = 2e7


def pick(rng, *values):
    return values[rng.integers(len(values))]


def some_channels(rng):
    return int(pick(rng, rng.integers(1, 5), rng.integers(1, 71), 16, 32, 64))


def _kernel_size(rng):
    usual = int(pick(rng, 1, 3, 3, rng.integers(1, 12), rng.integers(1, 12)))
    return pick(rng, (usual, usual), (usual, int(rng.integers(1, 12))))


def _map_size(rng):
    return pick(rng, *TINY, *[tuple(int(v) for v in rng.integers(1, 30, 2))] * 8)


def _two(rng, *values):
    """The same number for rows and columns, or not."""
    first = int(pick(rng, *values))
    return pick(rng, (first, first), (first, int(pick(rng, *values))))


def _fits(conv: Conv, larger: int) -> bool:
    if min(conv.out_shape()) < 1:
        return False
    taps = conv.kernel[0] * conv.kernel[1]
    forward = np.prod(conv.out_shape()[:3]) * taps * conv.x[3]
    backward = np.prod(conv.x[:3]) * taps * conv.out
    work = max(forward * conv.out, backward * conv.x[3]) / conv.groups
    return max(forward, backward) < larger * MOST_UNFOLDED and work < larger * MOST_WORK


def convolution(rng, larger: int = 1) -> Conv:
    """Any strides, dilations, groups and paddings; the kernel always fits."""
    while True:
        groups = int(pick(rng, 1, 1, 1, 1, 2, 3, 5, rng.integers(1, 36)))
        per_group, out_per_group = some_channels(rng), some_channels(rng)
        if groups > 1:
            per_group, out_per_group = 1 + per_group // groups, 1 + out_per_group // groups
        if max(per_group, out_per_group) * groups > 70:
            continue
        conv = Conv(
            (int(rng.integers(1, 4)), *_map_size(rng), per_group * groups),
            out_per_group * groups,
            _kernel_size(rng),
            _two(rng, 1, 1, 1, 2, 3, 4),
            tuple(int(pick(rng, 0, 1, rng.integers(0, 12))) for _ in range(4)),
            _two(rng, 1, 1, 1, 2, 3, 4),
            groups,
        )
        if _fits(conv, larger):
            return conv


def depthwise(rng, larger: int = 1) -> Conv:
    """One group a channel, 1 to 3 outputs each; a few large kernels."""
    while True:
        channels = some_channels(rng)
        conv = Conv(
            (int(rng.integers(1, 4)), *_map_size(rng), channels),
            channels * int(pick(rng, 1, 1, 2, 3)),
            pick(
                rng, *[_kernel_size(rng)] * 9, (int(rng.integers(1, 32)), int(rng.integers(1, 32)))
            ),
            _two(rng, 1, 1, 1, 2, 3, 4),
            tuple(int(pick(rng, 0, 1, rng.integers(0, 16))) for _ in range(4)),
            _two(rng, 1, 1, 1, 2, 3, 4),
            channels,
        )
        if conv.out <= 210 and _fits(conv, larger):
            return conv


def transposed(rng, larger: int = 1) -> Conv:
    """The convolution whose input gradient is a transposed one: its `x` is what comes out."""
    while True:
        small, kernel = pick(rng, *TINY, tuple(rng.integers(1, 10, 2))), _kernel_size(rng)
        strides, dilation = _two(rng, 1, 2, 2, 3, 4), _two(rng, 1, 1, 2, 3)
        sizes, padding = [], []
        for axis in (0, 1):
            span = (kernel[axis] - 1) * dilation[axis] + 1
            before, after = (int(rng.integers(0, span)) for _ in range(2))
            output_padding = int(rng.integers(0, strides[axis]))
            padding += [before, after]
            grown = (small[axis] - 1) * strides[axis] + span - before - after
            sizes.append(int(grown) + output_padding)
        if min(sizes) < 1:
            continue
        conv = Conv(
            (int(rng.integers(1, 4)), *sizes, some_channels(rng)),
            some_channels(rng),
            kernel,
            strides,
            tuple(padding),
            dilation,
        )
        if _fits(conv, larger):
            assert conv.out_shape()[1:3] == tuple(small)
            return conv


def pooling(rng):
    """Shape of x, shape of y, (pool size, strides, padding)."""
    while True:
        shape = (int(rng.integers(1, 4)), *_map_size(rng), some_channels(rng))
        pool_size = _two(rng, 1, 2, 2, 3, 3, rng.integers(1, 8))
        strides = _two(rng, 1, 2, 2, 3, 4)
        # A window needs at least one real cell: padding stays below the window.
        padding = tuple(int(rng.integers(pool_size[side // 2])) for side in range(4))
        height = (shape[1] + sum(padding[:2]) - pool_size[0]) // strides[0] + 1
        width = (shape[2] + sum(padding[2:]) - pool_size[1]) // strides[1] + 1
        y_shape = (shape[0], height, width, shape[3])
        if min(y_shape) >= 1 and max(np.prod(shape), np.prod(y_shape)) * pool_size[0] < 1e5:
            return shape, y_shape, (pool_size, strides, padding)
