"""Gradients of the recurrent layers, for inputs, states and weights, against differences."""

import numpy as np
import pytest
from minidl import layers
from minidl.testing import check_gradients

F64 = {"dtype": "float64"}
MASK = np.array([[True, True, False, True], [False, True, True, False]])
CASES = {
    "SimpleRNN": lambda: layers.SimpleRNN(3, return_sequences=True, **F64),
    "SimpleRNN last": lambda: layers.SimpleRNN(2, activation="sigmoid", use_bias=False, **F64),
    "LSTM": lambda: layers.LSTM(3, return_sequences=True, return_state=True, **F64),
    "LSTM relu": lambda: layers.LSTM(3, activation="softsign", go_backwards=True, **F64),
    "LSTM zeros": lambda: layers.LSTM(
        2, return_sequences=True, zero_output_for_mask=True, recurrent_activation="tanh", **F64
    ),
    "GRU": lambda: layers.GRU(3, return_sequences=True, return_state=True, **F64),
    "GRU reset before": lambda: layers.GRU(3, reset_after=False, go_backwards=True, **F64),
    "SimpleRNNCell": lambda: layers.RNN(
        [layers.SimpleRNNCell(2, **F64), layers.LSTMCell(3, **F64), layers.GRUCell(2, **F64)], **F64
    ),
    "StackedRNNCells": lambda: layers.RNN(
        layers.StackedRNNCells([layers.GRUCell(2, reset_after=False, **F64)], **F64), **F64
    ),
    "Bidirectional": lambda: layers.Bidirectional(
        layers.LSTM(2, return_sequences=True, **F64), merge_mode="mul", **F64
    ),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Dense(2, "tanh", **F64), **F64),
    "Masking": lambda: layers.Masking(0.5, **F64),
}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_gradients(name, masked):
    layer = CASES[name]()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 4, 3))
    layer.build(x.shape)
    for weight in layer.weights:
        weight.assign(rng.uniform(-1, 1, weight.shape))
    takes_mask = masked and "mask" in layer._mask_names
    more = {"mask": MASK} if takes_mask else {}
    inputs, run = [x], lambda x: layer(x, **more)
    if isinstance(layer, layers.RNN) and not masked:
        start = layer.get_initial_state(2)
        if all(not isinstance(s, list) for s in start):
            inputs += [rng.standard_normal(s.shape) for s in start]
            run = lambda x, *states: layer(x, initial_state=list(states))  # noqa: E731
    check_gradients(
        run, inputs, variables=layer.trainable_weights, max_jacobian=8, projections=2, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_gradients_under_dropout(kind):
    """The same masks at each call, as a new seed generator starts each of them."""
    layer = getattr(layers, kind)(3, dropout=0.4, recurrent_dropout=0.4, seed=1, **F64)
    x = np.random.default_rng(0).standard_normal((2, 4, 5))
    layer.build(x.shape)

    def run(x):
        layer.cell.seed_generator.state = (1, 0)
        return layer(x, training=True)

    check_gradients(run, [x], variables=layer.trainable_weights, max_jacobian=8, projections=2)
