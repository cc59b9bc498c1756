"""Recurrent layers run whole sequences, and single steps, in one kernel call: equal to the loop."""

from functools import partial

import minidl
import numpy as np
import pytest
from minidl import layers, ops
from minidl.layers._arguments import flatten

from tests.checks import assert_close
from tests.layers.test_recurrent import KINDS, MASK, Plain, X


@pytest.mark.parametrize("number", range(16))
@pytest.mark.parametrize("kind", KINDS)
def test_one_call_equals_the_loop(kind, number):
    """The kernel against the loop over steps, which functions without a name ask for."""
    rng = np.random.default_rng([KINDS.index(kind), number])
    names = ("tanh", "relu", "sigmoid", "softsign", "hard_sigmoid", "linear", "elu")
    picked = [str(rng.choice(names)) for _ in range(1 if kind == "SimpleRNN" else 2)]
    config = {"units": int(rng.integers(1, 9)), "use_bias": bool(rng.integers(3))}
    for name in ("return_sequences", "go_backwards", "zero_output_for_mask"):
        config[name] = bool(rng.integers(2))
    config |= {
        "return_state": True,
        "dtype": "float64",
        "dropout": 0.3 * rng.integers(2),
        "seed": 1,
    }
    if kind == "GRU":
        config["reset_after"] = bool(rng.integers(2))
    config["recurrent_dropout"] = 0.3 * rng.integers(2)
    if kind != "SimpleRNN":
        config["implementation"] = int(rng.integers(1, 3))

    def make(wrap):
        functions = [wrap(minidl.activations.get(name)) for name in picked]
        keys = ("activation", "recurrent_activation")
        layer = getattr(layers, kind)(**config, **dict(zip(keys, functions, strict=False)))
        layer.build((None, None, 4))
        weights = np.random.default_rng(2)
        layer.set_weights([weights.uniform(-0.7, 0.7, w.shape) for w in layer.weights])
        return layer

    x = rng.standard_normal((3, 6, 4))
    mask = rng.random((3, 6)) > 0.4 if number % 2 else None
    found = []
    for layer in (make(lambda f: f), make(partial)):
        tensor = minidl.Tensor(x)
        with minidl.GradientTape() as tape:
            tape.watch(tensor)
            results = layer(tensor, mask=mask, training=True)
            loss = sum((ops.sum(y * (i + 1.5)) for i, y in enumerate(results)), start=0.0)
        grads = tape.gradient(loss, [tensor, *layer.trainable_weights])
        found.append([a.numpy() for a in (*results, *grads)])
    for fast, slow in zip(*found, strict=True):
        assert_close(fast, slow, 1e-11)


@pytest.mark.parametrize("number", range(16))
def test_a_stack_equals_the_loop(number, monkeypatch):
    """Cell after cell in kernels against step after step, with masks, states and dropout."""
    rng = np.random.default_rng([10, number])
    kinds = rng.choice(["SimpleRNN", "LSTM", "GRU"], int(rng.integers(1, 4)))
    units = [int(n) for n in rng.integers(1, 6, 3)]
    names = ("return_sequences", "go_backwards", "zero_output_for_mask")
    options = {name: bool(rng.integers(2)) for name in names}
    drop = 0.3 * (number % 3 > 0)

    def make():
        cells = [
            getattr(layers, f"{kind}Cell")(n, dropout=drop, seed=i, dtype="float64")
            for i, (kind, n) in enumerate(zip(kinds, units, strict=False))
        ]
        layer = layers.RNN(
            layers.StackedRNNCells(cells, dtype="float64"),
            return_state=True, dtype="float64", **options,
        )  # fmt: skip
        layer.build((None, None, 4))
        weights = np.random.default_rng(2)
        layer.set_weights([weights.uniform(-0.7, 0.7, w.shape) for w in layer.weights])
        return layer

    x = rng.standard_normal((3, 6, 4))
    mask = rng.random((3, 6)) > 0.4 if number % 2 else None
    seeds = np.random.default_rng(3)
    start = lambda s: minidl.Tensor(seeds.standard_normal(s.shape))  # noqa: E731
    states = [[start(s) for s in cell] for cell in make().get_initial_state(3)]
    found = []
    for fast in (True, False):
        layer, tensor = make(), minidl.Tensor(x)
        with monkeypatch.context() as patch:
            if fast:
                patch.setattr("minidl.layers._rnn_loop.run", None)
            else:
                patch.setattr(layers.StackedRNNCells, "run_sequence", lambda *a, **k: None)
            with minidl.GradientTape() as tape:
                tape.watch([tensor, *flatten(states)])
                y, *last = layer(tensor, initial_state=states, mask=mask, training=True)
                results = [y, *flatten(last)]
                loss = sum((ops.sum(r * (i + 1.5)) for i, r in enumerate(results)), start=0.0)
        sources = [tensor, *flatten(states), *layer.trainable_weights]
        found.append([a.numpy() for a in (*results, *tape.gradient(loss, sources))])
    for fast, slow in zip(*found, strict=True):
        assert_close(fast, slow, 1e-11)


def test_stacks_that_the_kernels_do_not_offer():
    """Cells of one's own, of another dtype, or with a penalty on each step go through the loop."""
    for make in (
        lambda: [layers.LSTMCell(4), Plain()],
        lambda: [layers.LSTMCell(4, dtype="float64"), layers.GRUCell(2)],
        lambda: [layers.GRUCell(4, activation=lambda x: x), layers.GRUCell(2)],
    ):
        layer = layers.RNN(make(), return_sequences=True)
        y, states = layer(X), layer.get_initial_state(3)
        for t in range(5):
            out, states = layer.cell(X[:, t], states)
            assert_close(y.numpy()[:, t], out.numpy(), 1e-6)
    stack = layers.StackedRNNCells([layers.GRUCell(2)], activity_regularizer="l2")
    layer = layers.RNN(stack, return_sequences=True)
    y = layer(X).numpy()
    np.testing.assert_allclose(
        # of a step's output and of its state, which is the same here
        sum(float(loss) for loss in layer.losses),
        2 * 0.01 * (y**2).sum() / 3,
        rtol=1e-5,
    )


def test_the_kernel_is_what_runs(monkeypatch):
    from minidl.layers import _rnn_loop

    def refuse(*args):
        raise AssertionError("the loop ran")

    monkeypatch.setattr(_rnn_loop, "run", refuse)
    layers.LSTM(3, activation="relu", dropout=0.5)(X, mask=MASK, training=True)
    layers.Bidirectional(layers.LSTM(3))(X)
    layers.GRU(3, reset_after=False, return_sequences=True)(X)
    layers.SimpleRNN(3, recurrent_dropout=0.5)(X, training=True)
    layers.LSTM(3, dropout=0.5, recurrent_dropout=0.5)(X, mask=MASK, training=True)
    layers.LSTM(3, dropout=0.5, implementation=1)(X, training=True)
    layers.GRU(3, dropout=0.5, recurrent_dropout=0.5)(X, training=True)
    layers.GRU(3, recurrent_dropout=0.5, reset_after=False)(X, training=True)
    layers.RNN(layers.LSTMCell(3))(X)
    layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])(X, mask=MASK)
    with pytest.raises(AssertionError, match="the loop ran"):
        layers.LSTM(3, activation=lambda x: x)(X)


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_one_step_in_one_call(kind, number, monkeypatch):
    """A cell alone: the kernel against the ops, which functions without a name ask for."""
    rng = np.random.default_rng([9, KINDS.index(kind), number])
    names = ("tanh", "relu", "sigmoid", "softsign", "hard_sigmoid", "linear", "elu")
    picked = [minidl.activations.get(str(rng.choice(names))) for _ in range(2)]
    config = {
        "units": int(rng.integers(1, 9)),
        "use_bias": bool(rng.integers(3)),
        "dropout": 0.3 * (number % 2),
        "dtype": "float64",
        "seed": 1,
    }
    if kind == "GRU":
        config["reset_after"] = bool(rng.integers(2))
    x = rng.standard_normal((3, 4))
    states = [rng.standard_normal((3, config["units"])) for _ in range(1 + (kind == "LSTM"))]
    calls, op = [], getattr(ops, kind.lower())
    monkeypatch.setattr(ops, kind.lower(), lambda *a, **k: calls.append(1) or op(*a, **k))
    found = []
    for wrap in (lambda f: f, partial):
        activation, gates = (wrap(f) for f in picked)
        cell = getattr(layers, kind + "Cell")(
            activation=activation, recurrent_activation=gates, **config
        )
        cell.build(x.shape)
        weights = np.random.default_rng(2)
        cell.set_weights([weights.uniform(-0.7, 0.7, w.shape) for w in cell.weights])
        sources = [minidl.Tensor(a) for a in (x, *states)]
        with minidl.GradientTape() as tape:
            tape.watch(sources)
            y, new = cell(sources[0], sources[1:], training=True)
            loss = sum((ops.sum(s * (i + 1.5)) for i, s in enumerate([y, *new])), start=0.0)
        grads = tape.gradient(loss, [*sources, *cell.trainable_weights])
        found.append([a.numpy() for a in (y, *new, *grads)])
    assert len(calls) == 1
    for fast, slow in zip(*found, strict=True):
        assert_close(fast, slow, 1e-11)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_one_step_from_one_state_for_all_rows(kind):
    """States of one row are broadcast, as the ops do it."""
    cell = getattr(layers, kind + "Cell")(3)
    one = [np.ones((1, 3), np.float32)] * (1 + (kind == "LSTM"))
    got = cell(X[:, 0], one)[0].numpy()
    wanted = cell(X[:, 0], [np.repeat(s, 3, 0) for s in one])[0].numpy()
    assert_close(got, wanted, 1e-6)
