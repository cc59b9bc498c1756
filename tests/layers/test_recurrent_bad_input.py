"""Wrong arguments and inputs of recurrent layers: a clear error, and nothing changed."""

import minidl
import numpy as np
import pytest
from minidl import layers

X = np.ones((2, 4, 3), np.float32)
CELL = {"units": 2}
BOTH = [k + s for k in ("SimpleRNN", "LSTM", "GRU") for s in ("", "Cell")]
ARGUMENTS = [
    ({"units": 0}, "units.*0"),
    ({"units": -1}, "units.*-1"),
    ({"units": 2.5}, "units.*2.5"),
    ({"units": True}, "units.*True"),
    ({"units": "4"}, "units.*'4'"),
    ({**CELL, "dropout": 1.5}, r"`dropout`.*\[0, 1\].*1.5"),
    ({**CELL, "dropout": float("nan")}, "`dropout`.*nan"),
    ({**CELL, "recurrent_dropout": -0.1}, "`recurrent_dropout`.*-0.1"),
    ({**CELL, "recurrent_dropout": "half"}, "`recurrent_dropout`.*half"),
    ({**CELL, "activation": "tahn"}, "tahn.*tanh"),
    ({**CELL, "recurrent_initializer": "orthogonl"}, "orthogonl.*orthogonal"),
    ({**CELL, "kernel_regularizer": "l3"}, "l3"),
    ({**CELL, "seed": 1.5}, "seed.*1.5"),
    ({**CELL, "nonsense": 1}, "nonsense"),
]


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("config", "message"), ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_arguments(name, config, message):
    with pytest.raises(ValueError, match=message):
        getattr(layers, name)(**config)


class NoState(minidl.Layer):
    def call(self, inputs, states):
        return inputs, states


class OddState(NoState):
    state_size = "many"


def lstm(**more):
    return layers.LSTM(2, **more)


OTHERS = [
    (lambda: lstm(use_cudnn=True), "use_cudnn.*True"),
    (lambda: lstm(use_cudnn="maybe"), "use_cudnn.*maybe"),
    (lambda: lstm(implementation=3), "implementation.*3"),
    (lambda: layers.GRU(2, implementation="x"), "implementation.*x"),
    (lambda: layers.RNN(3), "`cell`.*`call`.*3"),
    (lambda: layers.RNN(layers.Dense(2)), "`cell`.*`state_size`"),
    (lambda: layers.RNN(NoState()), "`cell`.*`state_size`"),
    (lambda: layers.RNN(OddState()), "state_size.*many"),
    (lambda: layers.RNN([]), "`cells`"),
    (lambda: layers.RNN([layers.GRUCell(2), layers.Dense(2)]), r"`cells\[1\]`.*state_size"),
    (lambda: layers.StackedRNNCells(layers.GRUCell(2)), "`cells` must be a list"),
    (lambda: layers.Bidirectional(lstm(), merge_mode="add"), "merge_mode.*concat.*'add'"),
    (lambda: layers.Bidirectional(layers.Dense(2)), "`layer`.*go_backwards"),
    (lambda: layers.Bidirectional("lstm"), "`layer`.*lstm"),
    (lambda: layers.Bidirectional(lstm(), backward_layer=3), "`backward_layer`.*3"),
    (lambda: layers.Bidirectional(lstm(), backward_layer=lstm()), "different directions.*False"),
    (lambda: layers.Bidirectional(lstm(go_backwards=True)), "different directions.*True"),
    (
        lambda: layers.Bidirectional(
            lstm(), backward_layer=lstm(go_backwards=True, return_sequences=True)
        ),
        "`return_sequences`.*False and True",
    ),
    (lambda: layers.TimeDistributed(minidl.ops.relu), "`layer` must be a layer"),
    (lambda: layers.Masking("zero"), "mask_value.*zero"),
    (lambda: layers.Masking(None), "mask_value.*None"),
]


@pytest.mark.parametrize(("make", "message"), OTHERS, ids=range(len(OTHERS)))
def test_other_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


H, C = np.zeros((2, 2), np.float32), np.zeros((2, 3), np.float32)
CALLS = [
    (lstm, {"sequences": X[0]}, "3 axes.*batch axis"),
    (lstm, {"sequences": X[..., None]}, "3 axes"),
    (lstm, {"sequences": X[:, :0]}, r"at least one step.*\(2, 0, 3\)"),
    (lstm, {"sequences": X, "mask": np.ones((2, 3), bool)}, r"`mask`.*\(2, 4\).*\(2, 3\)"),
    (lstm, {"sequences": X, "mask": np.ones(4, bool)}, r"`mask`.*\(4,\)"),
    (lstm, {"sequences": X, "initial_state": [H]}, "2 states.*`initial_state`.*Received: 1"),
    (lstm, {"sequences": X, "initial_state": [H, C]}, r"\(2, 2\), \(2, 2\).*\(2, 2\), \(2, 3\)"),
    (lstm, {"sequences": X, "initial_state": H}, "2 states.*Received: 1"),
    (lambda: layers.GRU(2), {"sequences": X, "initial_state": [H, H]}, "one state.*Received: 2"),
    (lambda: layers.GRU(2), {"sequences": X, "initial_state": C}, r"\(2, 2\).*\(2, 3\)"),
    (lambda: layers.SimpleRNN(2), {"sequences": X, "initial_state": H[:1]}, r"\(1, 2\)"),
    (
        lambda: layers.Bidirectional(lstm()),
        {"sequences": X, "initial_state": [H, H, H]},
        "two layers.*Received: 3",
    ),
    (
        lambda: layers.Bidirectional(lstm()),
        {"sequences": X, "initial_state": [H, H]},
        "2 states.*Received: 1",
    ),
    (lambda: layers.TimeDistributed(layers.Dense(2)), {"inputs": X[0]}, "3 axes"),
    (
        lambda: layers.TimeDistributed(layers.Dense(2)),
        {"inputs": X, "mask": np.ones((2, 3), bool)},
        r"`mask`.*\(2, 4\).*\(2, 3\)",
    ),
]


@pytest.mark.parametrize(("make", "call", "message"), CALLS, ids=range(len(CALLS)))
def test_calls(make, call, message):
    layer = make()
    layer(X)
    before = layer.get_weights()
    with pytest.raises(ValueError, match=message) as caught:
        layer(**call)
    parts = [part.name for part in layer._flatten_layers()]
    assert any(name in str(caught.value) for name in parts)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    layer(X)


def test_another_number_of_features():
    for layer in (lstm(), layers.GRU(2), layers.SimpleRNN(2), layers.Bidirectional(lstm())):
        layer(X)
        with pytest.raises(ValueError, match=r"axis -1.*size 3.*\(2, 4, 5\)"):
            layer(np.ones((2, 4, 5), np.float32))


def test_stateful_with_another_batch_size():
    layer = lstm(stateful=True)
    layer(X)
    kept = [s.numpy() for s in layer.states]
    with pytest.raises(ValueError, match=r"stateful.*first, 2.*batch of 3"):
        layer(np.ones((3, 4, 3), np.float32))
    for a, b in zip(layer.states, kept, strict=True):
        np.testing.assert_array_equal(a.numpy(), b)


def test_reset_of_what_keeps_no_states():
    with pytest.raises(AttributeError, match="not stateful"):
        layers.Bidirectional(lstm()).reset_state()
    lstm().reset_state()  # nothing to do, as in Keras


def test_cells_take_one_step():
    for kind in ("SimpleRNNCell", "LSTMCell", "GRUCell"):
        with pytest.raises(ValueError, match=r"one step.*\(2, 4, 3\)"):
            getattr(layers, kind)(2).build(X.shape)


def test_a_cell_that_loses_a_state():
    class Loses(minidl.Layer):
        state_size = (3, 3)

        def call(self, inputs, states):
            return states[0] + inputs, [states[0]]

    with pytest.raises(ValueError, match=r"returned 1 states.*given 2"):
        layers.RNN(Loses())(X)
    with pytest.raises(ValueError, match=r"states of 2 cells.*1"):
        layers.StackedRNNCells([layers.GRUCell(2), layers.GRUCell(2)])(X[:, 0], [[H]])
