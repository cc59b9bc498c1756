"""Recurrent layers against Keras's, over random configurations, states and masks."""

import json

import minidl
import numpy as np
import pytest

from tests.checks import assert_close
from tests.keras_peer import keras, peer_weights, pytorch, value

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "softsign", "elu")
GATES = ("sigmoid", "sigmoid", "hard_sigmoid", "tanh", "relu")
KINDS = ("SimpleRNN", "LSTM", "GRU")


def _pick(rng, *values):
    return values[rng.integers(len(values))]


def _cell(name, rng, units=None):
    """Random arguments of a cell."""
    config = {
        "units": int(rng.integers(1, 7)) if units is None else units,
        "activation": str(_pick(rng, "tanh", *ACTIVATIONS)),
        "use_bias": bool(rng.integers(4)),
    }
    if name != "SimpleRNN":
        config["recurrent_activation"] = str(_pick(rng, *GATES))
        config["implementation"] = int(_pick(rng, 1, 2))
    if name == "GRU":
        config["reset_after"] = bool(rng.integers(2))
    if name == "LSTM":
        config["unit_forget_bias"] = bool(rng.integers(2))
    return config


def _loop(rng):
    """Random arguments of the loop over the steps."""
    names = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask")
    return {name: bool(rng.integers(2)) for name in names}


def _weights(shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.uniform(-0.8, 0.8, shape).astype(np.float32) for shape in shapes]


def _data(rng, masked):
    batch, steps, features = (int(n) for n in rng.integers(1, 6, 3))
    x = rng.standard_normal((batch, steps, features), np.float32)
    return x, rng.random((batch, steps)) > 0.4 if masked else None


def _leaves(structure):
    if isinstance(structure, (list, tuple)):
        return [leaf for entry in structure for leaf in _leaves(entry)]
    return [structure]


def _map(fn, structure):
    if isinstance(structure, (list, tuple)):
        return [_map(fn, entry) for entry in structure]
    return fn(structure)


def _compare(ours, peer, x, mask=None, states=None, training=False):
    """Outputs, states and all gradients, under the same weights."""
    torch = pytorch()

    more = {} if mask is None else {"mask": mask}
    given = [] if states is None else _leaves(states)
    mine = minidl.Tensor(x)
    mine_states = _map(minidl.Tensor, states) if given else None
    with minidl.GradientTape() as tape:
        tape.watch([mine, *_leaves(mine_states or [])])
        ask = {**more, "initial_state": mine_states} if given else more
        got = _leaves(ours(mine, training=training, **ask))
        rng = np.random.default_rng(1)
        dys = [rng.standard_normal(y.shape, np.float32) for y in got]
        loss = sum((minidl.ops.sum(y * dy) for y, dy in zip(got, dys, strict=True)), start=0.0)
    sources = [mine, *_leaves(mine_states or []), *ours.trainable_weights]
    grads = tape.gradient(loss, sources, unconnected_gradients="zero")

    theirs = torch.tensor(x, requires_grad=True)
    their_states = _map(lambda s: torch.tensor(s, requires_grad=True), states) if given else None
    if mask is not None:
        more = {"mask": torch.tensor(mask)}
    for w in peer.trainable_weights:
        w.value.grad = None
    ask = {**more, "initial_state": their_states} if given else more
    wanted = _leaves(peer(theirs, training=training, **ask))
    assert len(got) == len(wanted)
    for i, (a, b) in enumerate(zip(got, wanted, strict=True)):
        assert a.shape == tuple(b.shape)
        assert_close(a.numpy(), value(b), 2e-5, f"output {i}")
    sum((y * torch.tensor(dy)).sum() for y, dy in zip(wanted, dys, strict=True)).backward()
    leaves = [theirs, *_leaves(their_states or []), *(w.value for w in peer.trainable_weights)]
    for i, (g, leaf) in enumerate(zip(grads, leaves, strict=True)):
        expected = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        assert_close(g.numpy(), value(expected), 2e-4, f"gradient {i}")
    return got


def _pair(make, shape):
    """What `make` builds out of minidl's layers and out of Keras's, with the same weights."""
    ours, peer = make(minidl.layers), make(keras().layers)
    peer.build(shape)
    ours.build(shape)
    weights = _weights([w.shape for w in peer.weights])
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, w.shape) for w in peer.weights]
    ours.set_weights(weights)
    peer.set_weights(ours.get_weights())
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        np.testing.assert_array_equal(a, b)
    return ours, peer


def _check_shapes(ours, peer, shape):
    plain = lambda s: [tuple(s)] if not isinstance(s[1], (tuple, list)) else _shapes(s)  # noqa: E731
    for known in (shape, (None, *shape[1:]), (None, None, shape[2])):
        mine, theirs = ours.compute_output_shape(known), peer.compute_output_shape(known)
        assert plain(mine) == plain(theirs)


def _shapes(structure):
    """The shapes in nested lists of them."""
    if all(n is None or isinstance(n, int) for n in structure):
        return [tuple(structure)]
    return [shape for entry in structure for shape in _shapes(entry)]


@pytest.mark.parametrize("number", range(24))
@pytest.mark.parametrize("kind", KINDS)
def test_layer(kind, number):
    rng = np.random.default_rng([KINDS.index(kind), number])
    config = {**_cell(kind, rng), **_loop(rng)}
    x, mask = _data(rng, masked=number % 2)
    config["unroll"] = bool(rng.integers(2)) and mask is None  # Keras fails at a mask backwards
    ours, peer = _pair(lambda layers: getattr(layers, kind)(**config), x.shape)
    units, batch = config["units"], len(x)
    states = None
    if rng.integers(2):
        count = 2 if kind == "LSTM" else 1
        states = [rng.standard_normal((batch, units), np.float32) for _ in range(count)]
    _compare(ours, peer, x, mask, states)
    _check_shapes(ours, peer, x.shape)


@pytest.mark.parametrize("number", range(12))
def test_cells_in_a_row(number):
    """RNN over a cell and over a list of them."""
    rng = np.random.default_rng([3, number])
    kinds = [str(_pick(rng, *KINDS)) for _ in range(number % 3 + 1)]
    configs = [_cell(kind, rng) for kind in kinds]
    loop = _loop(rng)
    x, mask = _data(rng, masked=number % 2 and len(kinds) != 1)

    def make(layers):
        cells = [getattr(layers, k + "Cell")(**c) for k, c in zip(kinds, configs, strict=True)]
        return layers.RNN(cells if len(cells) > 1 else cells[0], **loop)

    ours, peer = _pair(make, x.shape)
    states = None
    if number % 4 > 1:
        states = _map(
            lambda z: rng.standard_normal(z.shape, np.float32), ours.get_initial_state(len(x))
        )
    _compare(ours, peer, x, mask, states)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("kind", KINDS)
def test_one_step_of_a_cell(kind, number):
    rng = np.random.default_rng([6, KINDS.index(kind), number])
    config = _cell(kind, rng)
    x = rng.standard_normal((int(rng.integers(1, 5)), 3), np.float32)
    ours, peer = _pair(lambda layers: getattr(layers, kind + "Cell")(**config), x.shape)
    shape = (len(x), config["units"])
    states = [rng.standard_normal(shape, np.float32) for _ in range(2 if kind == "LSTM" else 1)]
    got, new = ours(x, states)
    wanted, their_new = peer(x, states)
    for a, b in zip([got, *new], [wanted, *their_new], strict=True):
        assert_close(a.numpy(), value(b), 2e-5)


@pytest.mark.parametrize("number", range(20))
def test_bidirectional(number):
    rng = np.random.default_rng([4, number])
    kind = KINDS[number % 3]
    mode = ("concat", "sum", "mul", "ave", None)[number % 5]
    config = {**_cell(kind, rng), "return_sequences": bool(number % 2)}
    config["return_state"] = bool(rng.integers(2))
    own = _cell(kind, rng, config["units"]) if rng.integers(2) else None
    x, mask = _data(rng, masked=rng.integers(2))

    def make(layers):
        backward = None
        if own is not None:
            loop = {k: config[k] for k in ("return_sequences", "return_state")}
            backward = getattr(layers, kind)(**own, **loop, go_backwards=True)
        inner = getattr(layers, kind)(**config)
        return layers.Bidirectional(inner, merge_mode=mode, backward_layer=backward)

    ours, peer = _pair(make, x.shape)
    states = None
    if rng.integers(2):
        count = 4 if kind == "LSTM" else 2
        shape = (len(x), config["units"])
        states = [rng.standard_normal(shape, np.float32) for _ in range(count)]
    got = _compare(ours, peer, x, mask, states)
    shapes = _shapes(ours.compute_output_shape(x.shape))
    assert shapes == [y.shape for y in got]
    if not config["return_state"]:  # Keras counts states wrongly for some
        _check_shapes(ours, peer, x.shape)


TIMED = [
    ("Dense", {"units": 3, "activation": "tanh"}, (2, 4, 5), False),
    ("Conv2D", {"filters": 3, "kernel_size": 2}, (2, 3, 4, 4, 2), False),
    ("BatchNormalization", {}, (3, 4, 5), False),
    ("BatchNormalization", {}, (3, 4, 5), True),
    ("LSTM", {"units": 3}, (2, 3, 4, 5), False),
    ("Softmax", {}, (2, 3, 4), False),
]


@pytest.mark.parametrize(("name", "config", "shape", "training"), TIMED)
def test_time_distributed(name, config, shape, training):
    make = lambda layers: layers.TimeDistributed(getattr(layers, name)(**config))  # noqa: E731
    ours, peer = _pair(make, shape)
    x = np.random.default_rng(0).standard_normal(shape, np.float32)
    _compare(ours, peer, x, training=training)
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        assert_close(a, b, 1e-5, "weights")
    for known in (shape, (None, *shape[1:])):
        assert tuple(ours.compute_output_shape(known)) == tuple(peer.compute_output_shape(known))


def test_time_distributed_hands_the_mask_on():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 4, 5), np.float32)
    mask = rng.random((2, 3, 4)) > 0.4
    make = lambda layers: layers.TimeDistributed(layers.GRU(3))  # noqa: E731
    _compare(*_pair(make, x.shape), x, mask)


@pytest.mark.parametrize("kind", [*KINDS, "stack", "Bidirectional"])
def test_stateful(kind):
    """Three batches in a row, then a reset."""
    rng = np.random.default_rng(5)

    def make(layers):
        if kind == "stack":
            return layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], stateful=True)
        if kind == "Bidirectional":
            return layers.Bidirectional(layers.LSTM(3, stateful=True))
        return getattr(layers, kind)(3, stateful=True, return_sequences=True)

    ours, peer = _pair(make, (2, 4, 3))
    for number in range(4):
        x = rng.standard_normal((2, 4, 3), np.float32)
        with minidl.GradientTape() as tape:
            got = ours(x)
            loss = minidl.ops.sum(got)
        assert all(g is not None for g in tape.gradient(loss, ours.trainable_weights))
        assert_close(got.numpy(), value(peer(x)), 1e-5, f"batch {number}")
        states, wanted = _leaves(list(ours.states)), _leaves(list(peer.states))
        for a, b in zip(states, wanted, strict=True):
            assert_close(a.numpy(), value(b.value), 1e-5, "state")
        if number == 2:
            ours.reset_state()
            if kind == "stack":  # Keras's reset stumbles over nested states
                for state in wanted:
                    state.assign(np.zeros(state.shape))
            else:
                peer.reset_state()
            assert all((a.numpy() == 0).all() for a in states)
    assert len(ours.weights) == len(peer.weights)


@pytest.mark.parametrize("value_", [0.0, -1.5])
def test_masking(value_):
    torch = pytorch()

    x = np.random.default_rng(0).standard_normal((3, 5, 2)).astype(np.float32)
    x[0, 2:], x[1, 0], x[2, 1, 0] = value_, value_, value_
    got, wanted = minidl.layers.Masking(value_)(x), keras().layers.Masking(value_)(torch.tensor(x))
    np.testing.assert_array_equal(got.numpy(), value(wanted))
    np.testing.assert_array_equal(got._keras_mask.numpy(), value(wanted._keras_mask))


CONFIGS = [
    ("SimpleRNN", {"units": 3, "dropout": 0.2}),
    ("LSTM", {"units": 3, "unit_forget_bias": False, "kernel_regularizer": "l2", "seed": 3}),
    ("LSTM", {"units": 3, "kernel_constraint": "non_neg", "recurrent_constraint": "unit_norm"}),
    ("GRU", {"units": 3, "reset_after": False, "bias_initializer": "ones", "stateful": True}),
    ("SimpleRNNCell", {"units": 3, "seed": 2}),
    ("LSTMCell", {"units": 3, "recurrent_dropout": 0.3}),
    ("GRUCell", {"units": 3, "use_bias": False}),
    ("Masking", {"mask_value": 2.0}),
]


def _named(config):
    """The config with the automatic names of inner layers left out."""
    if isinstance(config, dict):
        return {k: _named(v) for k, v in config.items() if k not in ("name", "build_config")}
    return [_named(v) for v in config] if isinstance(config, list) else config


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_configs(name, config):
    ours = getattr(minidl.layers, name)(name="same", **config)
    peer = getattr(keras().layers, name)(name="same", **config)
    mine, theirs = ours.get_config(), peer.get_config()
    assert {k: v for k, v in mine.items() if (name, k) != ("SimpleRNN", "seed")} == theirs
    json.dumps(mine)
    assert type(ours).from_config(theirs).get_config() == mine
    assert type(peer).from_config(dict(mine)).get_config() == theirs


@pytest.mark.parametrize("which", ["rnn", "stack", "list", "bidirectional", "time"])
def test_configs_of_wrappers(which):
    def make(layers):
        cells = [layers.LSTMCell(3, name="one"), layers.GRUCell(2, name="two")]
        return {
            "rnn": lambda: layers.RNN(cells[0], name="a", return_state=True),
            "stack": lambda: layers.StackedRNNCells(cells, name="a"),
            "list": lambda: layers.RNN(cells, name="a"),
            "bidirectional": lambda: layers.Bidirectional(layers.GRU(3), "sum", name="a"),
            "time": lambda: layers.TimeDistributed(layers.GRU(3), name="a"),
        }[which]()

    ours, peer = make(minidl.layers), make(keras().layers)
    mine, theirs = ours.get_config(), peer.get_config()
    assert _named(mine) == _named(theirs)
    json.dumps(mine)
    assert _named(type(ours).from_config(theirs).get_config()) == _named(mine)
    assert _named(type(peer).from_config(mine).get_config()) == _named(theirs)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_training_of_a_classifier(optimizer):
    """The same losses and weights over several steps from the same start."""
    module = keras()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 7, 4), np.float32)
    x[:, 5:] *= rng.integers(0, 2, (32, 1, 1))
    y = rng.integers(0, 3, 32)

    def make(k):
        layers = k.layers
        model = k.Sequential([
            k.Input((7, 4)),
            layers.Masking(),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
            layers.LSTM(6),
            layers.Dense(3, activation="softmax"),
        ])  # fmt: skip
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    ours, peer = make(minidl), make(module)
    ours.set_weights(peer_weights(peer))
    for step in range(6):
        ours.reset_metrics()
        peer.reset_metrics()
        mine = ours.train_on_batch(x, y)
        theirs = peer.train_on_batch(x, y)
        np.testing.assert_allclose(float(mine), float(theirs), rtol=1e-4, err_msg=f"step {step}")
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
