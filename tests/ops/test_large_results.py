"""Results too large for the caches are written past them: the same values come out."""

import numpy as np
import pytest
from minidl import _core

BYTES = 17 << 20  # the kernels' own bound is half of the last-level cache, at most 16 MiB


@pytest.mark.parametrize("channels", [64, 48, 40])
def test_depthwise_conv2d(channels):
    rng = np.random.default_rng(channels)
    side = int((BYTES / 4 / channels) ** 0.5) + 1
    x = rng.integers(-4, 5, (1, side, side, channels)).astype("float32")
    kernel = rng.integers(-4, 5, (3, 3, channels, 1)).astype("float32")
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    wanted = sum(
        padded[:, i : i + side, j : j + side] * kernel[i, j, :, 0]
        for i in range(3)
        for j in range(3)
    )
    window = (1, 1), (1, 1, 1, 1), (1, 1)
    got = _core.depthwise_conv2d(x, kernel, None, *window, "linear", None)
    assert np.array_equal(got, wanted)
    flipped = np.ascontiguousarray(kernel[::-1, ::-1])
    assert np.array_equal(_core.depthwise_conv2d_input_grad(x, flipped, x.shape, *window), wanted)


@pytest.mark.parametrize("channels", [64, 40])
def test_batch_norm(channels):
    rng = np.random.default_rng(channels)
    rows = BYTES // 4 // channels + 1
    x, dy = (rng.standard_normal((rows, channels), np.float32) for _ in range(2))
    gamma, beta = (rng.standard_normal(channels, np.float32) for _ in range(2))
    y, mean, variance = _core.batch_norm(x, gamma, beta, 1e-3)
    # Without statistics of its own every row stands alone: small arrays give the same bits.
    parts = [
        _core.batch_norm_inference(p, gamma, beta, mean, variance, 1e-3)
        for p in np.array_split(x, 7)
    ]
    assert np.array_equal(y, np.concatenate(parts))
    dx, dgamma, dbeta = _core.batch_norm_grad(dy, x, gamma, mean, variance, 1e-3)
    scale = 1 / np.sqrt(variance.astype("f8") + 1e-3)
    normal = (x - mean.astype("f8")) * scale
    wanted = gamma * scale * (dy - dy.mean(0, dtype="f8") - normal * (dy * normal).mean(0))
    assert np.abs(dx - wanted).max() < 1e-4 * np.abs(wanted).max()
    assert np.abs(dgamma - (dy * normal).sum(0)).max() < 1e-2
    assert np.abs(dbeta - dy.sum(0, dtype="f8")).max() < 1e-2


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
@pytest.mark.parametrize("columns", [512, 64, 40])
def test_layer_norm(name, columns):
    """Rows stand alone: a few at a time, in arrays that are stored plainly, give the same bits."""
    norm, gradient = getattr(_core, name), getattr(_core, f"{name}_grad")
    rng = np.random.default_rng(columns)
    rows = BYTES // 4 // columns + 1
    x, dy = (rng.standard_normal((rows, columns), np.float32) for _ in range(2))
    weights = [rng.standard_normal(columns, np.float32) for _ in range(1 + (name[0] == "l"))]
    y, *statistics = norm(x, *weights, 1e-3)
    dx, *sums = gradient(dy, x, weights[0], *statistics)
    for part in np.array_split(np.arange(rows), 5):
        y_part, *found = norm(x[part], *weights, 1e-3)
        assert np.array_equal(y[part], y_part)
        assert np.array_equal(dx[part], gradient(dy[part], x[part], weights[0], *found)[0])
    normal = (x - (statistics[0][:, None] if name[0] == "l" else 0)) * statistics[-1][:, None]
    for got, terms in zip(sums, (dy * normal, dy), strict=False):
        assert np.abs(got - terms.sum(0, dtype="f8")).max() < 1e-2


@pytest.mark.parametrize("m, n", [(24, 10), (25, 65), (130, 128), (785, 70)])
def test_long_sums_of_a_transposed_operand(m, n):
    """Sums over thousands of rows are cut into chunks that follow each other in C."""
    rng = np.random.default_rng(m)
    for k in (5000, 13001):
        a = rng.integers(-4, 5, (k, m)).astype("float32")
        b = rng.integers(-4, 5, (k, n)).astype("float32")
        assert np.array_equal(_core.matmul(a.T, b), a.T @ b)
