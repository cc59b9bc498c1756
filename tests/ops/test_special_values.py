"""NaN, infinities and signed zeros go through as they go through NumPy."""

import math

import numpy as np
import pytest
from minidl import _core

from tests.checks import FLOATS
from tests.references import activations, pool2d

NAN, INF = float("nan"), float("inf")
VALUES = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 1e30, -1e30, 3.5]
NO_PADDING = (0, 0, 0, 0)

pytestmark = [
    pytest.mark.usefixtures("isa"),
    pytest.mark.parametrize("dtype", FLOATS, ids=lambda d: d.__name__),
]


def _array(dtype, *values, repeat=1):
    return np.tile(np.array(values, dtype), repeat)


@pytest.mark.parametrize("kernel", ["maximum", "minimum", "add", "subtract", "multiply", "divide"])
def test_binary(dtype, kernel):
    # All pairs, long enough for whole vectors as well as the tail.
    x, y = (a.reshape(-1) for a in np.meshgrid(*[_array(dtype, *VALUES)] * 2))
    with np.errstate(all="ignore"):
        expected = getattr(np, kernel)(x, y)
    np.testing.assert_array_equal(getattr(_core, kernel)(x, y), expected)


UNARY = {
    "negative": np.negative,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "erf": lambda x: np.vectorize(math.erf, otypes=[x.dtype])(x),
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "square": np.square,
    "absolute": np.abs,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.logaddexp(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}


@pytest.mark.parametrize("kernel", UNARY)
def test_unary(dtype, kernel):
    for repeat in (1, 7):
        x = _array(dtype, *VALUES, repeat=repeat)
        got = getattr(_core, kernel)(x)
        with np.errstate(all="ignore"):
            expected = UNARY[kernel](x)
        np.testing.assert_allclose(got, expected, rtol=1e-5, err_msg=kernel)
        numbers = ~np.isnan(expected)
        if kernel in ("negative", "sqrt", "rsqrt", "absolute", "tanh", "erf", "silu"):
            signs = np.signbit(got[numbers]), np.signbit(expected[numbers])
            np.testing.assert_array_equal(*signs, err_msg=f"sign of zero in {kernel}")


def test_exp_at_the_edges(dtype):
    edge = float(np.log(np.finfo(dtype).max))
    x = _array(dtype, edge - 0.01, edge + 0.01, -edge - 50, 0.0, -0.0)
    got = _core.exp(x)
    assert np.isfinite(got[0]) and got[0] > np.finfo(dtype).max / 2
    np.testing.assert_array_equal(got[1:], [INF, 0, 1, 1])


def test_relu_settings_keep_nan(dtype):
    x = _array(dtype, NAN, INF, -INF, 2.0, -2.0, repeat=5)
    for slope, cap, threshold in ((0.0, 6.0, 0.0), (0.2, INF, 0.0), (0.1, 4.0, 1.0)):
        got = _core.relu(x, slope, cap, threshold)
        expected = activations.relu(x, slope, cap, threshold)
        np.testing.assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize("kernel", ["softplus", "silu", "gelu"])
@pytest.mark.parametrize("exact", [False, True])
def test_slopes_far_out(dtype, kernel, exact):
    """Beyond all bends the slope is 0 or 1, at infinity as well: no infinity meets a zero."""
    x = _array(dtype, INF, 1e30, 300.0, -300.0, -1e30, -INF, repeat=3)
    settings = (not exact,) if kernel == "gelu" else ()
    got = getattr(_core, f"{kernel}_grad")(np.ones_like(x), x, *settings)
    np.testing.assert_allclose(got, _array(dtype, 1, 1, 1, 0, 0, 0, repeat=3), atol=1e-30)
    x[:] = NAN
    assert np.isnan(getattr(_core, f"{kernel}_grad")(np.ones_like(x), x, *settings)).all()


def test_gelu_keeps_its_left_tail(dtype):
    x = np.linspace(-5, 0, 501).astype(dtype)
    expected = activations.gelu_tail(x)
    np.testing.assert_allclose(_core.gelu(x, False), expected, rtol=2e-4)


def test_elu(dtype):
    got = _core.elu(_array(dtype, NAN, INF, -INF, 0.0, repeat=5), 1.0)
    np.testing.assert_allclose(got, _array(dtype, NAN, INF, -1.0, 0.0, repeat=5))


@pytest.mark.parametrize("kernel", ["max", "min", "sum", "mean"])
@pytest.mark.parametrize("special", [NAN, INF, -INF])
@pytest.mark.parametrize("size", [1, 5, 40, 1000])
def test_reductions(dtype, kernel, special, size):
    for place in {0, size // 2, size - 1}:
        x = np.linspace(-1, 1, size).astype(dtype)
        x[place] = special
        grid = np.stack([x, np.ones_like(x)])
        for axis in (0, 1):
            with np.errstate(all="ignore"):
                expected = getattr(np, kernel)(grid, axis=axis)
            got = getattr(_core, kernel)(grid, (axis,), False)
            np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(
            np.isnan(getattr(_core, kernel)(x, (0,), False)), np.isnan(special)
        )


@pytest.mark.parametrize("kernel", ["max", "min"])
def test_extremes_of_infinities(dtype, kernel):
    sign = -1 if kernel == "max" else 1
    x = np.full((3, 37), sign * INF, dtype)
    np.testing.assert_array_equal(getattr(_core, kernel)(x, (1,), False), [sign * INF] * 3)


@pytest.mark.parametrize("channels", [1, 3, 16, 37])
def test_max_pool_keeps_nan_and_minus_infinity(dtype, channels):
    x = np.random.default_rng(0).standard_normal((1, 4, 6, channels)).astype(dtype)
    x[0, 1, 1] = NAN
    x[0, 0:2, 2:4] = -INF
    x[0, 2, 2] = INF
    y = _core.max_pool2d(x, (2, 2), (2, 2), NO_PADDING)
    assert np.isnan(y[0, 0, 0]).all()
    assert (y[0, 0, 1] == -INF).all()
    assert (y[0, 1, 1] == INF).all()
    assert np.isfinite(y[0, :, 2]).all()
    dx = _core.max_pool2d_grad(np.ones_like(y), x, y, (2, 2), (2, 2), NO_PADDING)
    expected = pool2d.max_pool2d_grad(np.ones_like(y), x, y, (2, 2), (2, 2), NO_PADDING)
    np.testing.assert_array_equal(dx, expected)
    assert dx.sum() == y.size  # every window gives its gradient to exactly one cell


def test_max_pool_padding_never_wins(dtype):
    x = np.full((1, 3, 3, 5), -1e30, dtype)
    y = _core.max_pool2d(x, (3, 3), (1, 1), (1, 1, 1, 1))
    assert (y == x).all()


def test_average_pool_carries_nan_only_into_its_windows(dtype):
    x = np.ones((1, 4, 4, 3), dtype)
    x[0, 0, 0, 1] = NAN
    y = _core.average_pool2d(x, (2, 2), (2, 2), NO_PADDING)
    assert np.isnan(y).sum() == 1 and np.isnan(y[0, 0, 0, 1])


def test_softmax_rows(dtype):
    x = np.array([[1e30, 0, -1e30], [-INF, 0, 0], [NAN, 0, 1], [INF, 0, 0], [-INF] * 3], dtype)
    got = _core.softmax(x)
    np.testing.assert_allclose(got[:2], [[1, 0, 0], [0, 0.5, 0.5]])
    assert np.isnan(got[2]).all()
    assert np.isnan(got[3, 0])
    assert np.isnan(got[4]).all()
    log = _core.log_softmax(x[:2])
    np.testing.assert_allclose(log[1], [-INF, -np.log(2), -np.log(2)], rtol=1e-6)
    assert log[0, 0] == 0 and np.isnan(_core.log_softmax(x[2:])).any(axis=1).all()


def _cross_entropy(logits, labels):
    """Losses and the gradient of their sum."""
    loss, log_sum = _core.softmax_cross_entropy(logits, labels)
    return loss, _core.softmax_cross_entropy_grad(np.ones_like(loss), logits, labels, log_sum)


def test_cross_entropy_of_extreme_scores(dtype):
    logits = np.array([[1e4, 0, -1e4], [-1e4, 0, 1e4], [0, 0, 0]], dtype)
    for labels in (np.array([0, 0, 2]), np.eye(3, dtype=dtype)[[0, 0, 2]]):
        loss, gradient = _cross_entropy(logits, labels)
        np.testing.assert_allclose(loss, [0, 2e4, np.log(3)], rtol=1e-6)
        np.testing.assert_allclose(gradient[:2], [[0, 0, 0], [-1, 0, 1]], atol=1e-6)


def test_cross_entropy_of_minus_infinity(dtype):
    """A class that cannot be costs nothing where its label is 0, and all where it is not."""
    logits = np.array([[0, -INF, 0]] * 2, dtype)
    for labels in (np.array([0, 1]), np.eye(3, dtype=dtype)[[0, 1]]):
        loss, gradient = _cross_entropy(logits, labels)
        np.testing.assert_allclose(loss, [np.log(2), INF], rtol=1e-6)
        np.testing.assert_allclose(gradient, [[-0.5, 0, 0.5], [0.5, -1, 0.5]], rtol=1e-6)


def test_cross_entropy_of_nan(dtype):
    logits = np.zeros((3, 20), dtype)
    logits[1, 7] = NAN
    for labels in (np.array([0, 3, 5]), np.eye(20, dtype=dtype)[[0, 3, 5]]):
        loss, gradient = _cross_entropy(logits, labels)
        np.testing.assert_array_equal(np.isnan(loss), [False, True, False])
        np.testing.assert_array_equal(np.isnan(gradient).all(axis=1), [False, True, False])


def test_matmul_and_conv_carry_nan(dtype):
    x, y = np.ones((5, 40), dtype), np.ones((40, 35), dtype)
    x[2, 7] = NAN
    x[3, 7] = INF
    got = _core.matmul(x, y)
    assert np.isnan(got[2]).all() and (got[3] == INF).all() and (got[[0, 1, 4]] == 40).all()
    fused = _core.matmul(x, y, bias=np.zeros(35, dtype), activation="relu")
    assert np.isnan(fused[2]).all(), "the fused relu lost a NaN"
    y[3, 4] = 0
    assert np.isnan(_core.matmul(np.full((5, 40), INF, dtype), y)[:, 4]).all()  # 0 * inf
    image = np.ones((1, 5, 5, 4), dtype)
    image[0, 0, 0, 0] = NAN
    for activation in ("linear", "relu"):
        args = image, np.ones((3, 3, 4, 18), dtype), None, (1, 1), NO_PADDING, (1, 1), 1, activation
        out = _core.conv2d(*args)
        assert np.isnan(out[0, 0, 0]).all() and np.isnan(out).sum() == 18


def test_batch_norm_carries_nan_in_its_channel_only(dtype):
    x = np.random.default_rng(0).standard_normal((8, 19)).astype(dtype)
    x[3, 5] = NAN
    y, mean, variance = _core.batch_norm(x, None, None, 1e-3)
    for result in (y[0], mean, variance):
        np.testing.assert_array_equal(np.isnan(result), np.arange(19) == 5)


def test_batch_norm_of_a_constant_channel(dtype):
    x = np.full((64, 5), 7.3, dtype)
    y, mean, variance = _core.batch_norm(x, None, None, 1e-3)
    np.testing.assert_allclose(mean, 7.3, rtol=1e-6)
    assert (np.abs(variance) < 1e-9).all() and (variance >= 0).all()
    assert (np.abs(y) < 1e-3).all()


@pytest.mark.parametrize("shape", [(1, 11, 40), (1, 8, 3), (5, 11, 40), (9, 130, 70), (40, 7, 1)])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_products_with_infinities_are_numpy_s(dtype, shape, activation):
    m, k, n = shape
    rng = np.random.default_rng(m)
    x, y = (rng.integers(1, 4, size).astype(dtype) for size in ((m, k), (k, n)))
    x[0, k // 2] = NAN
    x[-1, 0] = INF
    y[(k - 1) // 8 * 8, n // 2] = -INF  # first of the rows left over from blocks of eight
    y[k - 1, 0] = NAN
    if m == 1:
        x[...] = np.arange(1, k + 1)  # so that not every result is NaN
    with np.errstate(all="ignore"):
        expected = x.astype(float) @ y.astype(float)
    if activation == "relu":
        expected = np.where(expected < 0, 0, expected)
    got = _core.matmul(x, y, activation=activation)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(
        _core.matmul(x, np.ascontiguousarray(y.T), False, True, activation=activation), expected
    )


@pytest.mark.parametrize("bad", [NAN, INF])
@pytest.mark.parametrize("size", [5, 33, 5000])
def test_layer_and_rms_norm_carry_nan_in_their_row_only(dtype, size, bad):
    x = np.arange(3 * size, dtype=dtype).reshape(3, size) % 7
    good = _core.layer_norm(x, None, None, 1e-3), _core.rms_norm(x, None, 1e-3)
    x[1, size // 2] = bad
    layer, rms = _core.layer_norm(x, None, None, 1e-3), _core.rms_norm(x, None, 1e-3)
    for (right, *_), (y, *statistics) in zip(good, (layer, rms), strict=True):
        np.testing.assert_array_equal(y[[0, 2]], right[[0, 2]])
        assert np.isnan(y[1, size // 2])
        assert all(np.isfinite(values[[0, 2]]).all() for values in statistics)
    assert np.isnan(layer[0][1]).all()


def test_group_norm_carries_nan_in_its_group_only(dtype):
    x = np.random.default_rng(0).standard_normal((3, 40, 6)).astype(dtype)
    right, *_ = _core.group_norm(x, None, None, 3, 1e-3)
    x[1, 7, 2] = NAN  # of the second group
    y, mean, scale = _core.group_norm(x, None, None, 3, 1e-3)
    touched = np.zeros(x.shape, bool)
    touched[1, :, 2:4] = True
    assert np.isnan(y[touched]).all()
    np.testing.assert_array_equal(y[~touched], right[~touched])
    assert np.argwhere(np.isnan(mean)).tolist() == [[1, 1]]
    assert np.argwhere(np.isnan(scale)).tolist() == [[1, 1]]


def test_norms_of_constant_rows(dtype):
    """A variance of 0: the result is beta, and nothing is infinite but what epsilon 0 makes so."""
    x, beta = np.full((2, 19), 0.1, dtype), np.arange(19, dtype=dtype)
    y, mean, scale = _core.layer_norm(x, None, beta, 1e-3)
    np.testing.assert_allclose(y, np.tile(beta, (2, 1)), atol=1e-5)
    np.testing.assert_allclose(mean, [0.1, 0.1], rtol=1e-6)
    assert np.isfinite(scale).all()
    dx, dgamma, _ = _core.layer_norm_grad(np.ones_like(x), x, None, mean, scale)
    assert np.isfinite(dx).all() and np.isfinite(dgamma).all()
