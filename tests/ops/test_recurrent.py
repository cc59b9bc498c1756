"""Recurrent ops beyond their cases: second derivatives, cells, long sequences, masks, batches."""

import numpy as np
import pytest
from minidl import GradientTape, Variable, _core, ops
from minidl.testing import check_gradients

from tests.checks import assert_same_bits

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
OPS = {"lstm": ops.lstm, "gru": ops.gru, "rnn": ops.rnn}


def _weights(op, features, units, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    width = GATES[op] * units
    bias = (2, width) if op == "gru" else (width,)
    shapes = (features, width), (units, width), bias
    return [(rng.standard_normal(s) / s[0] ** 0.5).astype(dtype) for s in shapes]


def _normal(*shape, dtype=np.float64, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("options", [{}, {"mask": True}, {"dropped": True}, {"before": True}])
@pytest.mark.parametrize("op", OPS)
def test_second_derivatives(op, options):
    x, weights = _normal(2, 3, 2), _weights(op, 2, 2)
    more = {}
    if options.get("mask"):
        more["mask"] = np.array([[True, False, True], [False, True, True]])
    if options.get("dropped"):
        more["recurrent_dropout_mask"] = np.array([[2.0, 0.0], [1.0, 2.0]])
    if options.get("before"):
        if op != "gru":
            pytest.skip("only GRU resets")
        more["reset_after"] = False
        weights[2] = weights[2][0]

    def gradient(*args):
        with GradientTape() as tape:
            tape.watch(args)
            outs = OPS[op](*args, **more)
            loss = ops.sum(outs[0] * outs[0] * outs[0]) + ops.sum(outs[-1] * outs[-1])
        return tape.gradient(loss, list(args))

    check_gradients(gradient, [x, *weights])


@pytest.mark.parametrize("op", OPS)
def test_cell_is_one_step(op):
    x, weights = _normal(3, 4), _weights(op, 4, 5)
    states = [_normal(3, 5, seed=2 + i) for i in range(1 + (op == "lstm"))]
    cell = getattr(ops, f"{op}_cell")(x, *states, *weights)
    cell = cell if isinstance(cell, tuple) else (cell,)
    whole = OPS[op](x[:, None], *weights, states)
    for got, right in zip(cell, whole[1:], strict=True):
        assert_same_bits(got, right, op)


@pytest.mark.parametrize("op", OPS)
def test_steps_one_by_one_give_the_sequence(op):
    x, weights = _normal(3, 6, 4), _weights(op, 4, 5)
    outputs, *states = OPS[op](x, *weights)
    now = [np.zeros((3, 5))] * len(states)
    for t in range(6):
        now = getattr(ops, f"{op}_cell")(x[:, t], *now, *weights)
        now = now if isinstance(now, tuple) else (now,)
        np.testing.assert_allclose(outputs[:, t], now[0], rtol=1e-12, atol=1e-14)
    for got, right in zip(states, now, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("op", OPS)
def test_ten_thousand_steps(op):
    weights = [Variable(w) for w in _weights(op, 3, 8, np.float32)]
    x = ops.convert_to_tensor(_normal(2, 10_000, 3, dtype=np.float32))
    mask = np.zeros((2, 10_000), bool)
    mask[1, ::3] = True
    with GradientTape() as tape:
        outputs, *_ = OPS[op](x, *weights, mask=mask)
        loss = ops.sum(outputs)
    grads = tape.gradient(loss, weights)
    assert all(np.isfinite(g).all() for g in grads) and np.any(grads[1])
    assert not np.any(outputs[0])  # a row without a step says nothing


@pytest.mark.parametrize("op", OPS)
def test_masked_steps_equal_a_shorter_sequence(op):
    """Right padding: outputs and gradients are those of the rows without their padding."""
    lengths, weights = (5, 2, 3), [Variable(w) for w in _weights(op, 4, 5)]
    x = _normal(3, 5, 4)
    mask = np.arange(5) < np.array(lengths)[:, None]
    with GradientTape() as tape:
        y = OPS[op](x, *weights, mask=mask, zero_output_for_mask=True)[0]
        loss = ops.sum(y * y)
    together = tape.gradient(loss, weights)
    alone = [0.0] * len(weights)
    for row, n in enumerate(lengths):
        with GradientTape() as tape:
            part = OPS[op](x[row : row + 1, :n], *weights)[0]
            loss = ops.sum(part * part)
        alone = [a + np.array(g) for a, g in zip(alone, tape.gradient(loss, weights), strict=True)]
        np.testing.assert_allclose(y[row, :n], part[0], rtol=1e-12, atol=1e-13)
    assert not np.any(np.array(y)[~mask])
    for got, right in zip(together, alone, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("op", OPS)
def test_rows_do_not_hang_on_their_batch(op, isa):
    """However rows are cut into tiles and shared out, each comes out the same to the bit."""
    x, weights = _normal(29, 3, 5, dtype=np.float32), _weights(op, 5, 19, np.float32)
    whole = np.array(OPS[op](x, *weights)[0])
    for threads in (1, 3):
        _core.set_num_threads(threads)
        for rows in (slice(0, 2), slice(3, 10), slice(7, 29)):
            assert_same_bits(OPS[op](x[rows], *weights)[0], whole[rows], f"{op} {rows} on {isa}")


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)])
def test_empty_sequences(op, shape):
    weights = [Variable(w) for w in _weights(op, 4, 5)]
    if not shape[2]:
        weights[0] = Variable(np.zeros((0, GATES[op] * 5)))
    h0 = [np.ones((shape[0], 5))] * (1 + (op == "lstm"))
    with GradientTape() as tape:
        outputs, h, *_ = OPS[op](np.ones(shape), *weights, h0)
        loss = ops.sum(outputs) + ops.sum(h)
    assert outputs.shape == (*shape[:2], 5) and h.shape == (shape[0], 5)
    grads = tape.gradient(loss, weights, unconnected_gradients="zero")
    assert [g.shape for g in grads] == [w.shape for w in weights]
    if not shape[0] * shape[1]:
        assert not any(np.any(g) for g in grads)


@pytest.mark.parametrize("op", OPS)
def test_only_what_is_asked_for_flows(op):
    """Gradients of the last state alone, with no gradient of the outputs."""
    x, weights = ops.convert_to_tensor(_normal(2, 4, 3)), _weights(op, 3, 5)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        outputs, h, *_ = OPS[op](x, *weights)
        last, same = ops.sum(h * h), ops.sum(outputs[:, -1] * outputs[:, -1])
    np.testing.assert_allclose(tape.gradient(last, x), tape.gradient(same, x), atol=1e-14)
