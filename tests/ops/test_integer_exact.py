"""Small integers have one right answer: every sum stays below 2**24, so the error must be 0.

Some 4,200 seeded random configurations, each on every instruction set, against references that
unfold all windows at once. The inputs lie in buffers of NaN, and the memory of the result held NaN
before, up to the end of its block: a kernel that reads or writes past an end, or leaves a cell
unwritten, cannot go unnoticed. The same kinds of configurations with real numbers: not a bit
differs for any number of threads, any layout. Set MINIDL_TEST_SCALE=5 for five times as many.
"""

import ctypes
import os

import numpy as np
import pytest
from minidl import _core

from tests.checks import assert_same_bits
from tests.ops import random_windows
from tests.ops.random_windows import pick
from tests.ops.test_layouts import LAYOUTS
from tests.references import matmul as matmul_reference
from tests.references import windows as reference

SCALE = int(os.environ.get("MINIDL_TEST_SCALE", "1"))
SEEDS = range(10 * SCALE)
PER_SEED = 70
THREADS = (1, 2, 3, 4, 8)
MARGIN = 64
CONVOLUTIONS = ("convolution", "convolution_again", "depthwise", "transposed")


def guarded(rng, dtype, *shape, limit=4):
    """Random integers, with NaN before and after them in memory."""
    size = int(np.prod(shape))
    buffer = np.full(size + 2 * MARGIN, np.nan, dtype)
    view = buffer[MARGIN : MARGIN + size]
    view[...] = rng.integers(-limit, limit, size, endpoint=True)
    return view.reshape(shape)


def block_size(nbytes):
    """Bytes of the block that the allocator takes for an array: see csrc/core/allocator.cpp."""
    total = nbytes + 64
    step = max(1 << (total - 1).bit_length() - 3, 16)
    return -(-total // step) * step - 64 if total > 64 else 0


def check(kernel, expected, *args, **kwargs):
    """Run on every instruction set, into a block full of NaN, and compare exactly.

    What follows the result in its block must still be NaN.
    """
    dtype = next(a.dtype for a in args if isinstance(a, np.ndarray))
    size = block_size(expected.size * dtype.itemsize) // dtype.itemsize
    cached = _core.allocator_stats()["enabled"]
    for isa in _core.isa_available():
        _core.set_isa(isa)
        poison = _core.negative(np.full(size, np.nan, dtype))
        address = poison.ctypes.data
        del poison  # its block goes back to the allocator's cache: the result is next to get it
        got = getattr(_core, kernel)(*args, **kwargs)
        what = f"{kernel} on {isa}: {_described(args)} {kwargs}"
        assert got.dtype == dtype and got.shape == expected.shape, what
        if not np.array_equal(got, expected):  # the message is slow to write
            np.testing.assert_array_equal(got, expected, err_msg=what)
        if cached and got.size and size > got.size:
            assert got.ctypes.data == address, "the result did not get the block made for it"
            numbers = ctypes.c_float if dtype.itemsize == 4 else ctypes.c_double
            rest = (numbers * (size - got.size)).from_address(address + got.nbytes)
            assert np.isnan(np.ctypeslib.as_array(rest)).all(), f"{what} wrote past the end"


def _described(args):
    return [a.shape if isinstance(a, np.ndarray) else a for a in args]


def _float(rng):
    return pick(rng, np.float32, np.float32, np.float64)


def _rng_and_threads(seed, *names):
    """A generator for the test; one seed after the other runs with another number of threads."""
    _core.set_num_threads(THREADS[seed % len(THREADS)])
    return np.random.default_rng([seed, *"".join(names).encode()])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_convolution(kind, seed):
    rng = _rng_and_threads(seed, kind)
    make = getattr(random_windows, kind.removesuffix("_again"))
    for _ in range(PER_SEED):
        conv, dtype = make(rng), _float(rng)
        x, kernel = guarded(rng, dtype, *conv.x), guarded(rng, dtype, *conv.kernel_shape())
        dy = guarded(rng, dtype, *conv.out_shape())
        bias = guarded(rng, dtype, conv.out) if rng.integers(2) else None
        relu = bool(rng.integers(2))
        y = reference.conv2d(x, kernel, conv) + (0 if bias is None else bias)
        y = np.where(y < 0, 0, y) if relu else y
        activation = "relu" if relu else "linear"
        check("conv2d", y, x, kernel, bias, *conv.settings(), activation)
        dx = reference.conv2d_input_grad(dy, kernel, conv)
        check("conv2d_input_grad", dx, dy, kernel, conv.x, *conv.settings())
        dkernel = reference.conv2d_filter_grad(x, dy, conv)
        check("conv2d_filter_grad", dkernel, x, dy, conv.kernel, *conv.settings())


def random_product(rng, draw):
    """Arguments of a matrix product; `draw(*shape)` makes the arrays."""
    sizes = (1, 2, 3, 8, 12, 16, 31, 33, 48, 64, 70, 97, 130, 200)
    m, n = pick(rng, *sizes), pick(rng, *sizes)
    k = int(pick(rng, *sizes, 0, 385, 1027))
    first, second = bool(rng.integers(2)), bool(rng.integers(2))
    batches = pick(rng, ((), ()), ((), ()), ((2,), (2,)), ((3,), ()), ((2, 1), (1, 3)))
    x1 = draw(*batches[0], *((k, m) if first else (m, k)))
    x2 = draw(*batches[1], *((n, k) if second else (k, n)))
    bias = draw(n) if rng.integers(2) else None
    return x1, x2, first, second, bias, pick(rng, "linear", "relu")


@pytest.mark.parametrize("seed", SEEDS)
def test_matmul(seed):
    rng = _rng_and_threads(seed, "matmul")
    for _ in range(PER_SEED):
        dtype = _float(rng)
        args = random_product(rng, lambda *shape, dtype=dtype: guarded(rng, dtype, *shape))
        check("matmul", matmul_reference.matmul(*args), *args)


@pytest.mark.parametrize("seed", SEEDS)
def test_pooling(seed):
    rng = _rng_and_threads(seed, "pooling")
    for _ in range(PER_SEED):
        shape, y_shape, settings = random_windows.pooling(rng)
        dtype = _float(rng)
        x, dy = guarded(rng, dtype, *shape), guarded(rng, dtype, *y_shape)
        y = reference.max_pool2d(x, *settings)
        check("max_pool2d", y, x, *settings)
        dx = reference.max_pool2d_grad(dy, x, *settings)
        check("max_pool2d_grad", dx, dy, x, y.astype(dtype), *settings)
        # Shares of a window stay whole: multiply by every count a cut-off window can have.
        heights, widths = (range(1, size + 1) for size in settings[0])
        whole = int(np.lcm.reduce([a * b for a in heights for b in widths]))
        x, dy = guarded(rng, dtype, *shape, limit=2), guarded(rng, dtype, *y_shape, limit=2)
        if whole < 4000:
            x *= whole
            dy *= whole
            check("average_pool2d", reference.average_pool2d(x, *settings), x, *settings)
            dx = reference.average_pool2d_grad(dy, shape, *settings)
            check("average_pool2d_grad", dx, dy, shape, *settings)


@pytest.mark.parametrize("columns", [1, 5, 16, 33])
def test_nothing_to_sum(columns):
    for dtype in (np.float32, np.float64):
        none = np.zeros((0, 5, 6, 7), dtype), np.zeros((0, 3, 4, columns), dtype)
        args = *none, (3, 3), (1, 1), (0, 0, 0, 0), (1, 1), 1
        check("conv2d_filter_grad", np.zeros((3, 3, 7, columns)), *args)
        args = np.zeros((9, 0), dtype), np.zeros((0, columns), dtype), False, False
        check("matmul", np.zeros((9, columns)), *args)


def _real_calls(rng, kind):
    """(kernel, arguments) with real numbers, of the sizes that several threads share."""

    dtype = _float(rng)

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    if kind == "matmul":
        return [("matmul", random_product(rng, draw))]
    if kind == "pooling":
        shape, y_shape, settings = random_windows.pooling(rng)
        x, dy = draw(*shape), draw(*y_shape)
        y = _core.max_pool2d(x, *settings)
        return [
            ("max_pool2d", (x, *settings)),
            ("max_pool2d_grad", (dy, x, y, *settings)),
            ("average_pool2d", (x, *settings)),
            ("average_pool2d_grad", (dy, shape, *settings)),
        ]
    conv = getattr(random_windows, kind)(rng, larger=10)
    x, kernel, dy = draw(*conv.x), draw(*conv.kernel_shape()), draw(*conv.out_shape())
    return [
        ("conv2d", (x, kernel, draw(conv.out), *conv.settings(), "linear")),
        ("conv2d_input_grad", (dy, kernel, conv.x, *conv.settings())),
        ("conv2d_filter_grad", (x, dy, conv.kernel, *conv.settings())),
    ]


@pytest.mark.parametrize("seed", range(6 * SCALE))
@pytest.mark.parametrize("kind", ["convolution", "depthwise", "transposed", "pooling", "matmul"])
def test_same_bits_for_any_threads_and_layout(kind, seed):
    rng = np.random.default_rng([seed, *f"bits of {kind}".encode()])
    calls = [call for _ in range(12) for call in _real_calls(rng, kind)]
    _core.set_num_threads(1)
    expected = [getattr(_core, kernel)(*args) for kernel, args in calls]
    for threads in THREADS:
        _core.set_num_threads(threads)
        name = pick(rng, *(name for name in LAYOUTS if name != "repeated"))  # that changes values
        for (kernel, args), right in zip(calls, expected, strict=True):
            other = [LAYOUTS[name](a) if isinstance(a, np.ndarray) else a for a in args]
            got = getattr(_core, kernel)(*other)
            what = f"{kernel} with {threads} threads, {name}: {_described(args)}"
            assert_same_bits(got, right, what)


def test_there_are_enough_configurations():
    assert len(SEEDS) * PER_SEED * (len(CONVOLUTIONS) + 2) >= 3000
