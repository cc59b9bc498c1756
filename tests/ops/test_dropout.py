"""The random mask of dropout: right share, no pattern, the same for every dtype and layout."""

import numpy as np
import pytest
from minidl import _core

SIZE = 200_000


def _mask(rate, seed, size=SIZE, dtype=np.float32):
    return _core.dropout(np.ones(size, dtype), rate, seed) != 0


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("seed", [0, 1, 2, 2**40, 2**62])
def test_share_of_zeros(rate, seed):
    share = 1 - _mask(rate, seed).mean()
    assert abs(share - rate) < 5 * np.sqrt(rate * (1 - rate) / SIZE)


def test_kept_values_are_scaled():
    x = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    y = _core.dropout(x, 0.2, 3)
    np.testing.assert_allclose(y[y != 0], x[y != 0] / 0.8, rtol=1e-6)


def test_no_pattern_within_a_mask_or_between_seeds():
    first, second = _mask(0.5, 10).astype(float) - 0.5, _mask(0.5, 11).astype(float) - 0.5
    limit = 5 / np.sqrt(SIZE) / 4  # five deviations of a mean of products of +-1/2
    for lag in (1, 2, 3, 4, 8, 16, 32, 64, 1024, 4096, 32768):
        assert abs((first[lag:] * first[:-lag]).mean()) < 5 * 0.25 / np.sqrt(SIZE - lag), lag
    assert abs((first * second).mean()) < limit
    bits = first.reshape(-1, 64).mean(axis=0)  # each place of a block of 64 is kept half the time
    assert np.abs(bits).max() < 5 * 0.5 / np.sqrt(SIZE / 64)


def test_one_mask_for_every_dtype_shape_and_seed():
    mask = _mask(0.3, 5)
    np.testing.assert_array_equal(mask, _mask(0.3, 5, dtype=np.float64))
    folded = _core.dropout(np.ones((200, 1000), np.float32), 0.3, 5) != 0
    np.testing.assert_array_equal(mask, folded.reshape(-1))
    assert (mask != _mask(0.3, 6)).any()


def test_a_higher_rate_keeps_a_part_of_what_a_lower_one_keeps():
    assert not (_mask(0.6, 9) & ~_mask(0.3, 9)).any()
