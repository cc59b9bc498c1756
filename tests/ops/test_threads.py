"""The number of threads never changes a result, not by a bit."""

import minidl
import numpy as np
import pytest
from minidl import _core, ops

from tests.cases import all_cases
from tests.checks import FLOATS, assert_same_bits, make, run_kernel

THREADS = (2, 3, 4, 8)
CASES = [case for case in all_cases() if case.kernel]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_kernel_is_bit_equal_at_any_thread_count(case):
    for dtype in FLOATS[:1] if case.row else FLOATS:
        args = make(case, dtype)
        _core.set_num_threads(1)
        expected = run_kernel(case, args)
        for threads in THREADS:
            _core.set_num_threads(threads)
            for got, right in zip(run_kernel(case, args), expected, strict=True):
                assert_same_bits(got, right, f"{case.id} with {threads} threads")


def _trained_weights(threads):
    """Weights of a small CNN after 20 steps written out by hand."""
    minidl.set_num_threads(threads)
    rng = np.random.default_rng(7)
    images = rng.standard_normal((20, 32, 14, 14, 1)).astype(np.float32)
    labels = rng.integers(0, 10, (20, 32))

    def weights(*shape):
        return minidl.Variable(0.1 * rng.standard_normal(shape).astype(np.float32))

    filters, offsets = weights(3, 3, 1, 16), weights(16)
    more_filters = weights(3, 3, 16, 32)
    gamma, beta = weights(32), weights(32)
    kernel, bias = weights(288, 10), weights(10)
    variables = [filters, offsets, more_filters, gamma, beta, kernel, bias]
    optimizer = minidl.optimizers.Adam(0.01)
    for x, y in zip(images, labels, strict=True):
        with minidl.GradientTape() as tape:
            h = ops.conv2d(x, filters, offsets, padding="same", activation="relu")
            h = ops.max_pool(h, 2)
            h = ops.conv2d(h, more_filters, padding="same")
            h, _, _ = ops.batch_norm(h, gamma, beta, 1e-3)
            h = ops.max_pool(ops.relu(h), 2)
            logits = ops.dense(ops.reshape(h, (32, -1)), kernel, bias)
            loss = ops.mean(ops.softmax_cross_entropy(logits, y))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    return [np.array(v) for v in variables]


def test_training_is_bit_equal_at_any_thread_count():
    expected = _trained_weights(1)
    assert all(np.isfinite(w).all() for w in expected)
    for threads in THREADS:
        for got, right in zip(_trained_weights(threads), expected, strict=True):
            assert_same_bits(got, right, f"trained with {threads} threads")
