"""Small integers have one right answer: every sum stays below 2**24, so the error must be 0.

The inputs lie in buffers of NaN, and the memory of the result held NaN before: a kernel that
reads past an end, or leaves a cell unwritten, cannot go unnoticed. Set MINIDL_TEST_SCALE=5 for
five times as many configurations.
"""

import os

import numpy as np
import pytest
from minidl import _core

from tests.cases.conv2d import Conv
from tests.references import conv2d as conv_reference
from tests.references import matmul as matmul_reference
from tests.references import pool2d as pool_reference

SEEDS = range(20 * int(os.environ.get("MINIDL_TEST_SCALE", "1")))
PER_SEED = 20
MARGIN = 64


def guarded(rng, dtype, *shape, limit=4):
    """Random integers, with NaN before and after them in memory."""
    size = int(np.prod(shape))
    buffer = np.full(size + 2 * MARGIN, np.nan, dtype)
    view = buffer[MARGIN : MARGIN + size]
    view[...] = rng.integers(-limit, limit, size, endpoint=True)
    return view.reshape(shape)


def check(kernel, expected, *args, **kwargs):
    """Run on every instruction set, into memory full of NaN, and compare exactly."""
    dtype = next(a.dtype for a in args if isinstance(a, np.ndarray))
    for isa in _core.isa_available():
        _core.set_isa(isa)
        poison = _core.negative(np.full(expected.shape, np.nan, dtype))
        assert np.isnan(poison).all()
        del poison  # its block goes back to the allocator's cache: the result is next to get it
        got = getattr(_core, kernel)(*args, **kwargs)
        assert got.dtype == dtype
        np.testing.assert_array_equal(
            got, expected, err_msg=f"{kernel} on {isa}: {_described(args)} {kwargs}"
        )


def _described(args):
    return [a.shape if isinstance(a, np.ndarray) else a for a in args]


def _pick(rng, *values):
    return values[rng.integers(len(values))]


def _channels(rng):
    return int(_pick(rng, rng.integers(1, 9), rng.integers(1, 71), 16, 32, 64))


def random_conv(rng) -> Conv:
    """Odd sizes, strides, dilations, groups and paddings; the kernel always fits."""
    while True:
        groups = int(_pick(rng, 1, 1, 1, 2, 3, 5, rng.integers(1, 71)))
        per_group, out_per_group = _channels(rng), _channels(rng)
        if groups > 1:
            per_group, out_per_group = 1 + per_group * 2 // groups, 1 + out_per_group * 2 // groups
        if max(per_group, out_per_group) * groups > 70:
            continue
        size = [int(rng.integers(1, 18)) for _ in range(2)]
        kernel = [int(_pick(rng, 1, 2, 3, 3, 4, 5, 7)) for _ in range(2)]
        conv = Conv(
            (int(rng.integers(1, 4)), *size, per_group * groups),
            out_per_group * groups,
            tuple(kernel),
            tuple(int(_pick(rng, 1, 1, 2, 3)) for _ in range(2)),
            tuple(int(_pick(rng, 0, 1, rng.integers(0, 6))) for _ in range(4)),
            tuple(int(_pick(rng, 1, 1, 2, 3)) for _ in range(2)),
            groups,
        )
        if min(conv.out_shape()) >= 1 and conv.flops() < 4e6:
            return conv


@pytest.mark.parametrize("seed", SEEDS)
def test_conv2d(seed):
    rng = np.random.default_rng([1, seed])
    for _ in range(PER_SEED):
        conv = random_conv(rng)
        dtype = _pick(rng, np.float32, np.float32, np.float64)
        x = guarded(rng, dtype, *conv.x)
        kernel = guarded(rng, dtype, *conv.kernel_shape())
        dy = guarded(rng, dtype, *conv.out_shape())
        bias = guarded(rng, dtype, conv.out) if rng.integers(2) else None
        activation = _pick(rng, "linear", "relu")
        args = x, kernel, bias, *conv.settings(), activation
        check("conv2d", conv_reference.conv2d(*args), *args)
        args = dy, kernel, conv.x, *conv.settings()
        check("conv2d_input_grad", conv_reference.conv2d_input_grad(*args), *args)
        args = x, dy, conv.kernel, *conv.settings()
        check("conv2d_filter_grad", conv_reference.conv2d_filter_grad(*args), *args)


@pytest.mark.parametrize("seed", SEEDS)
def test_matmul(seed):
    rng = np.random.default_rng([2, seed])
    sizes = (1, 2, 3, 8, 12, 16, 31, 33, 48, 64, 70, 97, 130)
    for _ in range(PER_SEED):
        m, n = _pick(rng, *sizes), _pick(rng, *sizes)
        k = int(_pick(rng, *sizes, 0, 385, 1027))
        first, second = bool(rng.integers(2)), bool(rng.integers(2))
        batches = _pick(rng, ((), ()), ((), ()), ((2,), (2,)), ((3,), ()), ((2, 1), (1, 3)))
        dtype = _pick(rng, np.float32, np.float32, np.float64)
        x1 = guarded(rng, dtype, *batches[0], *((k, m) if first else (m, k)))
        x2 = guarded(rng, dtype, *batches[1], *((n, k) if second else (k, n)))
        options = {
            "bias": guarded(rng, dtype, n) if rng.integers(2) else None,
            "activation": _pick(rng, "linear", "relu"),
        }
        args = x1, x2, first, second
        check("matmul", matmul_reference.matmul(*args, **options), *args, **options)


def random_pool(rng):
    while True:
        shape = (int(rng.integers(1, 3)), *map(int, rng.integers(1, 14, 2)), _channels(rng))
        pool_size = tuple(int(_pick(rng, 1, 2, 2, 3, 3, 5)) for _ in range(2))
        strides = tuple(int(_pick(rng, 1, 2, 2, 3)) for _ in range(2))
        # A window needs at least one real cell: padding stays below the window.
        top, left = (int(rng.integers(size)) for size in pool_size)
        bottom, right = (int(rng.integers(size)) for size in pool_size)
        padding = (top, bottom, left, right)
        height = (shape[1] + top + bottom - pool_size[0]) // strides[0] + 1
        width = (shape[2] + left + right - pool_size[1]) // strides[1] + 1
        if height >= 1 and width >= 1 and np.prod(shape) < 6000:
            return shape, (shape[0], height, width, shape[3]), (pool_size, strides, padding)


@pytest.mark.parametrize("seed", SEEDS)
def test_pooling(seed):
    rng = np.random.default_rng([3, seed])
    for _ in range(PER_SEED):
        shape, out_shape, settings = random_pool(rng)
        dtype = _pick(rng, np.float32, np.float32, np.float64)
        x, dy = guarded(rng, dtype, *shape), guarded(rng, dtype, *out_shape)
        y = pool_reference.max_pool2d(x, *settings)
        check("max_pool2d", y, x, *settings)
        dx = pool_reference.max_pool2d_grad(dy, x, y, *settings)
        check("max_pool2d_grad", dx, dy, x, y.astype(dtype), *settings)
        # Shares of a window stay whole: multiply by every count a cut-off window can have.
        counts = [a * b for a in range(1, 6) for b in range(1, 6)]
        whole = int(np.lcm.reduce([c for c in counts if c <= np.prod(settings[0])]))
        x, dy = guarded(rng, dtype, *shape, limit=2), guarded(rng, dtype, *out_shape, limit=2)
        if whole < 4000:
            x *= whole
            dy *= whole
            check("average_pool2d", pool_reference.average_pool2d(x, *settings), x, *settings)
            args = dy, shape, *settings
            check("average_pool2d_grad", pool_reference.average_pool2d_grad(*args), *args)
