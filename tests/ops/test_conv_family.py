"""Transposed, depthwise and separable convolution and sequences, on integers: no error at all."""

import numpy as np
import pytest
from minidl import _core, ops

from tests.references.conv_transpose import conv2d_transpose
from tests.references.depthwise_conv2d import depthwise_conv2d
from tests.references.pool2d import average_pool2d, max_pool2d

SEEDS = range(20)
PER_SEED = 15


def _integers(rng, dtype, *shape, limit=4):
    return rng.integers(-limit, limit, shape, endpoint=True).astype(dtype)


def _pick(rng, *values):
    return values[rng.integers(len(values))]


def _equal(function, expected, *args):
    """The same on every instruction set."""
    for isa in _core.isa_available():
        _core.set_isa(isa)
        got = function(*args)
        assert got.dtype == args[0].dtype
        np.testing.assert_array_equal(got.numpy(), expected, err_msg=isa)


def _window(rng, largest=4):
    kernel = tuple(int(n) for n in rng.integers(1, largest + 1, 2))
    strides = tuple(int(n) for n in rng.integers(1, 5, 2))
    dilation = tuple(int(_pick(rng, 1, 1, 2, 3)) for _ in range(2))
    return kernel, strides, dilation


@pytest.mark.parametrize("seed", SEEDS)
def test_conv_transpose_scatters(seed):
    rng = np.random.default_rng([11, seed])
    for _ in range(PER_SEED):
        kernel, strides, dilation = _window(rng)
        dtype = _pick(rng, np.float32, np.float64)
        channels, filters = (int(_pick(rng, rng.integers(1, 8), 16, 33)) for _ in range(2))
        x = _integers(rng, dtype, int(rng.integers(1, 3)), *rng.integers(1, 8, 2), channels)
        weights = _integers(rng, dtype, *kernel, filters, channels)
        padding = str(_pick(rng, "valid", "same"))
        extra = None
        if rng.integers(2):
            extra = tuple(int(rng.integers(s)) for s in strides)
        expected = conv2d_transpose(x, weights, strides, padding, extra, dilation)
        _equal(
            lambda x, w, s=strides, p=padding, e=extra, d=dilation: ops.conv_transpose(
                x, w, s, p, e, dilation_rate=d
            ),
            expected,
            x,
            weights,
        )
        bias = _integers(rng, dtype, filters)
        got = ops.conv2d_transpose(
            x, weights, bias, strides, padding, extra, dilation, activation="relu"
        )
        np.testing.assert_array_equal(got.numpy(), np.maximum(expected + bias, 0))


@pytest.mark.parametrize("seed", SEEDS)
def test_depthwise_and_separable(seed):
    rng = np.random.default_rng([12, seed])
    for _ in range(PER_SEED):
        kernel, strides, dilation = _window(rng)
        dtype = _pick(rng, np.float32, np.float64)
        channels, multiplier, filters = (int(rng.integers(1, n)) for n in (20, 5, 9))
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        size = [r + int(rng.integers(6)) for r in reach]
        x = _integers(rng, dtype, int(rng.integers(1, 3)), *size, channels)
        weights = _integers(rng, dtype, *kernel, channels, multiplier)
        bias = _integers(rng, dtype, channels * multiplier)
        top, bottom, left, right = borders = tuple(int(n) for n in rng.integers(0, 3, 4))
        pads = (top, bottom), (left, right)
        expected = depthwise_conv2d(x, weights, None, strides, borders, dilation)

        def depthwise(x, w, bias=None, act=None, strides=strides, pads=pads, dilation=dilation):
            return ops.depthwise_conv2d(x, w, bias, strides, pads, dilation, act)

        _equal(depthwise, expected, x, weights)
        _equal(depthwise, np.maximum(expected + bias, 0), x, weights, bias, "relu")
        pointwise = _integers(rng, dtype, 1, 1, channels * multiplier, filters, limit=2)
        got = ops.separable_conv(x, weights, pointwise, strides, pads, dilation_rate=dilation)
        np.testing.assert_array_equal(got.numpy(), expected @ pointwise[0, 0])


@pytest.mark.parametrize("seed", SEEDS)
def test_sequences_are_images_of_height_one(seed):
    rng = np.random.default_rng([13, seed])
    for _ in range(PER_SEED):
        k, s, d = int(rng.integers(1, 5)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
        dtype = _pick(rng, np.float32, np.float64)
        channels = int(rng.integers(1, 20))
        steps = (k - 1) * d + 1 + int(rng.integers(8))
        x = _integers(rng, dtype, 2, steps, channels)
        padding = str(_pick(rng, "valid", "same"))
        w = _integers(rng, dtype, k, channels, 3)

        def image(a):
            return a[:, None]

        window = (1, s), padding, None, (1, d)
        want = ops.conv(image(x), w[None], *window).numpy()[:, 0]
        _equal(lambda x, w, a=(s, padding, None, d): ops.conv(x, w, *a), want, x, w)
        causal = np.pad(x, ((0, 0), ((k - 1) * d, 0), (0, 0)))
        want = ops.conv(image(causal), w[None], (1, s), dilation_rate=(1, d)).numpy()[:, 0]
        _equal(lambda x, w, a=(s, "causal", d): ops.conv1d(x, w, None, *a), want, x, w)
        want = ops.depthwise_conv(image(x), w[None], *window).numpy()[:, 0]
        _equal(lambda x, w, a=(s, padding, None, d): ops.depthwise_conv(x, w, *a), want, x, w)
        w = _integers(rng, dtype, k, 3, channels)
        extra = int(_pick(rng, -1, rng.integers(s)))
        pair = None if extra < 0 else (0, extra)
        want = conv2d_transpose(image(x), w[None], (1, s), padding, pair, (1, d))[:, 0]
        extra = None if extra < 0 else extra
        _equal(
            lambda x, w, a=(s, padding, extra, None, d): ops.conv_transpose(x, w, *a), want, x, w
        )
        size = min(int(rng.integers(1, 5)), steps)
        settings = (1, size), (1, s), (0, 0, 0, 0)
        want = max_pool2d(image(x), *settings)[:, 0]
        _equal(lambda x, a=(size, s): ops.max_pool(x, *a), want, x)
        want = average_pool2d(image(x * 12), *settings)[:, 0]
        _equal(lambda x, a=(size, s): ops.average_pool(x, *a), want, x * dtype(12))


def test_empty_batches():
    x = np.zeros((0, 5, 5, 3), np.float32)
    assert ops.conv_transpose(x, np.ones((3, 3, 2, 3), np.float32), 2, "same").shape == (
        0,
        10,
        10,
        2,
    )
    assert ops.depthwise_conv(x, np.ones((3, 3, 3, 2), np.float32)).shape == (0, 3, 3, 6)
    assert ops.conv(x[:, 0], np.ones((3, 3, 2), np.float32)).shape == (0, 3, 2)
    assert ops.max_pool(x[:, 0], 2).shape == (0, 2, 3)
