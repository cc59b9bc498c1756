"""Attention beyond the case lists: rows that see nothing, extremes, dropout, memory, Keras."""

import numpy as np
import pytest
from minidl import GradientTape, Tensor, _core, ops

from bench.attention_memory import most_bytes
from tests.checks import FLOATS, assert_close, assert_same_bits
from tests.keras_peer import keras, pytorch, value
from tests.references import attention as naive

each_dtype = pytest.mark.parametrize("dtype", FLOATS, ids=lambda d: d.__name__)


def _inputs(shape=(2, 90, 300, 4, 2, 16), dtype=np.float32, seed=0):
    batch, queries, keys, heads, key_heads, dim = shape
    rng = np.random.default_rng(seed)
    return [
        rng.standard_normal(size).astype(dtype)
        for size in ((batch, queries, heads, dim), *[(batch, keys, key_heads, dim)] * 2)
    ]


def _run(query, key, value, bias=None, mask=None, causal=False, rate=0.0, seed=0):
    """Output, log-sum and gradients of a kernel call, all from one upstream gradient."""
    scale = query.shape[3] ** -0.5
    rest = scale, causal, rate, seed
    out, log_sum = _core.dot_product_attention(query, key, value, bias, mask, *rest)
    dy = np.random.default_rng(1).standard_normal(out.shape).astype(out.dtype)
    slopes = _core.dot_product_attention_grad(
        dy, query, key, value, bias, mask, out, log_sum, *rest
    )
    return out, log_sum, *slopes


@each_dtype
@pytest.mark.usefixtures("isa")
def test_rows_that_see_nothing_give_zeros_and_zero_gradients(dtype):
    query, key, value = _inputs((2, 90, 600, 4, 2, 16), dtype)
    mask = np.random.default_rng(2).random((2, 1, 90, 600)) < 0.5
    mask[0, :, 3] = mask[1, :, 70:] = False  # single rows, and the end of a tile
    mask[:, :, :, 512:] = False  # a whole block of keys
    out, log_sum, dquery, dkey, dvalue = _run(query, key, value, mask=mask)
    for empty in ((0, slice(3, 4)), (1, slice(70, 90))):
        assert not out[empty].any() and not dquery[empty].any()
        assert np.isneginf(log_sum[empty[0], :, empty[1]]).all()
    assert not dkey[:, 512:].any() and not dvalue[:, 512:].any()
    for array in (out, dquery, dkey, dvalue):
        assert np.isfinite(array).all() and array.any()
    nothing = np.zeros((1, 1, 1, 1), bool)
    for array in _run(query, key, value, mask=nothing)[2:]:
        assert not array.any()


@each_dtype
@pytest.mark.usefixtures("isa")
def test_minus_infinity_as_bias_is_a_mask(dtype):
    query, key, value = _inputs(dtype=dtype)
    mask = np.random.default_rng(3).random((2, 4, 90, 300)) < 0.3
    mask[0, 1, 5] = False
    bias = np.where(mask, 0, -np.inf).astype(dtype)
    results = _run(query, key, value, bias), _run(query, key, value, mask=mask)
    for got, right in zip(*results, strict=True):
        assert_same_bits(got, right, "bias of -inf beside a mask")


@each_dtype
@pytest.mark.usefixtures("isa")
def test_nan_stays_in_its_row(dtype):
    query, key, value = _inputs(dtype=dtype)
    right = _run(query, key, value)[0]
    query[1, 77, 2, 3] = np.nan
    out = _run(query, key, value)[0]
    touched = np.zeros(out.shape, bool)
    touched[1, 77, 2] = True
    np.testing.assert_array_equal(np.isnan(out), touched)
    np.testing.assert_array_equal(out[~touched], right[~touched])
    key[0, 290, 1, 0] = np.nan
    assert np.isnan(_run(query, key, value)[0][0, :, 2:]).all()


@each_dtype
@pytest.mark.usefixtures("isa")
def test_large_scores(dtype):
    """One key takes all where scores differ by thousands; nothing overflows."""
    query, key, value = _inputs((1, 80, 300, 1, 1, 8), dtype)
    key[0, 123] = 1e3
    query = np.abs(query) * 100
    out, log_sum, *slopes = _run(query, key, value)
    np.testing.assert_array_equal(out[0, :, 0], np.broadcast_to(value[0, 123, 0], (80, 8)))
    assert np.isfinite(log_sum).all() and (log_sum > 1e4).all()
    assert all(np.isfinite(slope).all() for slope in slopes)
    key[0, 123] = -1e3
    assert np.isfinite(_run(query, key, value)[0]).all()


def test_a_maximum_that_rises_late():
    """The last block of keys holds the highest scores, so all sums before are scaled down."""
    query, key, value = _inputs((1, 75, 600, 1, 1, 8))
    key *= np.linspace(0.01, 4, 600, dtype=np.float32)[None, :, None, None]
    key[:, 560:, :, 0] += 3
    query[..., 0] = np.abs(query[..., 0]) + 1
    expected = naive.dot_product_attention(query, key, value, None, None, 8**-0.5, False)
    for got, right in zip(_run(query, key, value)[:2], expected, strict=True):
        assert_close(got, right, 2e-5)


def test_every_instruction_set_drops_the_same():
    query, key, value = _inputs((2, 10, 500, 2, 2, 8))
    value[...] = 1
    results = []
    for isa in _core.isa_available():
        _core.set_isa(isa)
        results.append(_run(query * 0, key, value, rate=0.3, seed=5)[0])
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], rtol=1e-5)
    # Each output is the share of weights kept, times 1 / 0.7.
    kept = results[0][..., 0] * 0.7
    assert abs(kept.mean() - 0.7) < 0.02 and 0.01 < kept.std() < 0.03
    other = _run(query * 0, key, value, rate=0.3, seed=6)[0]
    assert (other != results[0]).mean() > 0.9


def test_weights_that_are_returned_give_the_output():
    query, key, value = _inputs((2, 7, 9, 4, 2, 5), np.float64)
    mask = np.random.default_rng(0).random((2, 1, 7, 9)) < 0.6
    mask[1, 0, 3] = False
    for settings in (
        {},
        {"mask": mask},
        {"is_causal": True},
        {"bias": np.random.default_rng(0).standard_normal((4, 7, 9)), "mask": mask},
    ):
        plain = ops.dot_product_attention(query, key, value, **settings)
        out, weights = ops.dot_product_attention(
            query, key, value, **settings, return_attention_scores=True
        )
        np.testing.assert_allclose(out, plain, atol=1e-12)
        by_hand = np.einsum("bhqk,bkhd->bqhd", weights.numpy(), np.repeat(value, 2, 2))
        np.testing.assert_allclose(plain, by_hand, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_second_derivatives(causal):
    from minidl.testing import check_gradients

    rng = np.random.default_rng(0)
    query, key, value = _inputs((1, 3, 4, 2, 1, 2), np.float64)
    dy = rng.standard_normal((1, 3, 2, 2))

    def slopes(query, key, value):
        with GradientTape() as tape:
            tape.watch([query, key, value])
            out = ops.dot_product_attention(
                query, key, value, is_causal=causal, dropout_rate=0.2, seed=1
            )
        parts = tape.gradient(out, [query, key, value], output_gradients=dy)
        return ops.concatenate([ops.ravel(part) for part in parts], 0)

    check_gradients(slopes, [query, key, value])


def test_lengths_of_zero():
    query, key, value = _inputs((2, 0, 5, 2, 2, 3))
    assert _run(query, key, value)[0].shape == (2, 0, 2, 3)
    query, key, value = _inputs((2, 4, 0, 2, 2, 3))
    out, log_sum, dquery, dkey, dvalue = _run(query, key, value)
    assert out.shape == (2, 4, 2, 3) and not out.any() and not dquery.any()
    assert np.isneginf(log_sum).all() and dkey.shape == dvalue.shape == (2, 0, 2, 3)
    assert _run(*_inputs((0, 4, 5, 2, 2, 3)))[0].shape == (0, 4, 2, 3)


@pytest.mark.skipif(not _core.allocator_stats()["enabled"], reason="the allocator keeps nothing")
def test_memory_grows_with_the_length_and_not_its_square():
    _core.set_num_threads(2)
    sizes = [most_bytes(length) for length in (1024, 2048, 4096)]
    data = 4096 * 2 * 32 * 4  # bytes of one of query, key, value at the longest
    scores = 4096 * 4096 * 2 * 4
    assert sizes[2] < 24 * data < scores / 2
    assert sizes[2] < 2.6 * sizes[1] < 2.6 * 2.6 * sizes[0]


@pytest.mark.parametrize("number", range(12))
def test_equals_keras(number):
    torch = pytorch()

    rng = np.random.default_rng(number)
    batch, queries, keys, key_heads, share, dim = (int(n) for n in rng.integers(1, 9, 6))
    share = 1 if key_heads == 1 else share  # with one key head Keras wants as many queries
    queries, keys = queries + 70 * int(rng.integers(2)), keys + 1
    query, key, values = _inputs((batch, queries, keys, key_heads * share, key_heads, dim))
    settings = {"scale": float(rng.uniform(0.1, 1))} if rng.integers(2) else {}
    kind = rng.integers(4)
    wide = (batch, key_heads * share, queries, keys)
    shape = [n if rng.integers(2) else 1 for n in wide]
    if kind == 1:
        settings["is_causal"] = True
    elif kind == 2:
        settings["bias"] = rng.standard_normal(shape).astype(np.float32)
    elif kind == 3:
        settings["mask"] = np.broadcast_to(rng.random(shape) < 0.7, wide).copy()
        settings["mask"][..., 0] = True  # Keras averages all values where a row sees nothing
    tensors = [torch.tensor(x, requires_grad=True) for x in (query, key, values)]
    wanted = keras().ops.dot_product_attention(*tensors, **settings)
    dy = rng.standard_normal(wanted.shape).astype(np.float32)
    (wanted * torch.tensor(dy)).sum().backward()
    ours = [Tensor(x) for x in (query, key, values)]
    with GradientTape() as tape:
        tape.watch(ours)
        out = ops.dot_product_attention(*ours, **settings)
    assert_close(out, value(wanted), 2e-5)
    slopes = tape.gradient(out, ours, output_gradients=dy)
    for slope, tensor in zip(slopes, tensors, strict=True):
        assert_close(slope, value(tensor.grad), 1e-4)
