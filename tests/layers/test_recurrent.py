"""What recurrent layers promise beyond Keras's numbers: cells of one's own, dropout, states."""

import inspect
import tracemalloc

import minidl
import numpy as np
import pytest
from minidl import layers, ops

from tests.checks import assert_close

KINDS = ("SimpleRNN", "LSTM", "GRU")
NAMES = [
    *(*KINDS, "SimpleRNNCell", "LSTMCell", "GRUCell", "RNN", "StackedRNNCells"),
    *("Bidirectional", "TimeDistributed", "Masking"),
]
X = np.random.default_rng(0).standard_normal((3, 5, 4)).astype(np.float32)
MASK = np.arange(5) < np.array([[5], [3], [1]])


class Decay(minidl.Layer):
    """A cell of a user's own, with a weight and two states of different sizes."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = (units, 1)
        self.output_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        h, count = states
        h = h * 0.5 + ops.matmul(inputs, self.kernel)
        return h * count, (h, count + 1.0)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Plain:
    """A cell that is no layer."""

    state_size = 4

    def __call__(self, inputs, states):
        return self.call(inputs, states)

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


@pytest.mark.parametrize("name", NAMES)
def test_documented(name):
    doc = inspect.getdoc(getattr(layers, name))
    for word in ("Args:", "Source:", "Raises:", ">>>"):
        assert word in doc


def test_cell_of_ones_own():
    layer = layers.RNN(Decay(2), return_sequences=True, return_state=True)
    outputs, h, count = layer(X)
    kernel = layer.cell.kernel.numpy()
    wanted, state = [], np.zeros((3, 2), np.float32)
    for t in range(5):
        state = state * 0.5 + X[:, t] @ kernel
        wanted.append(state * t)
    assert_close(outputs.numpy(), np.stack(wanted, 1), 1e-6)
    assert_close(h.numpy(), state, 1e-6)
    assert (count.numpy() == 5).all()
    assert layer.compute_output_shape(X.shape) == ((3, 5, 2), (3, 2), (3, 1))
    assert [w.path for w in layer.weights] == [f"{layer.name}/{layer.cell.name}/kernel"]


def test_cell_that_is_no_layer():
    got = layers.RNN(Plain(), return_sequences=True)(X).numpy()
    assert_close(got, np.cumsum(X, 1), 1e-6)
    got = layers.RNN([Plain(), Plain()])(X, mask=MASK).numpy()
    steps = np.where(MASK[..., None], X, 0)
    assert_close(got, np.cumsum(np.cumsum(steps, 1) * MASK[..., None], 1)[:, -1], 1e-6)


def test_users_cell_inside_bidirectional():
    layer = layers.Bidirectional(layers.RNN(Decay(2)))
    y = layer(X).numpy()
    assert y.shape == (3, 4)
    assert len(layer.weights) == 2
    assert type(layer.backward_layer.cell) is Decay


def test_configs_with_users_cells():
    layer = layers.RNN([Decay(2), layers.GRUCell(3)], return_sequences=True)
    layer(X)
    again = layers.RNN.from_config(layer.get_config(), custom_objects={"Decay": Decay})
    again(X)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(X).numpy(), layer(X).numpy())
    with pytest.raises(ValueError, match="Decay"):
        layers.RNN.from_config(layer.get_config())


@pytest.mark.parametrize("kind", KINDS)
def test_cells_by_hand_are_the_layer(kind):
    layer = getattr(layers, kind)(3, return_sequences=True, return_state=True)
    outputs, *last = layer(X)
    states = layer.get_initial_state(3)
    for t in range(5):
        y, states = layer.cell(X[:, t], states)
        assert_close(y.numpy(), outputs.numpy()[:, t], 1e-6, f"step {t}")
    for a, b in zip(states, last, strict=True):
        assert_close(a.numpy(), b.numpy(), 1e-6)
    if kind != "LSTM":  # a bare state goes in and comes out
        y, state = layer.cell(X[:, 0], np.zeros((3, 3), np.float32))
        np.testing.assert_array_equal(y.numpy(), state.numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_masked_steps_do_not_count(kind):
    """A ragged batch under a mask gives each sample what it gives alone, at its own length."""
    layer = getattr(layers, kind)(3, return_sequences=True, return_state=True)
    noise = np.where(MASK[..., None], X, 1e3).astype(np.float32)
    outputs, *states = (y.numpy() for y in layer(noise, mask=MASK))
    for i, n in enumerate(MASK.sum(1)):
        alone, *alone_states = (y.numpy()[0] for y in layer(X[i : i + 1, :n]))
        assert_close(outputs[i, :n], alone, 1e-6)
        assert (outputs[i, n:] == outputs[i, n - 1]).all()
        for a, b in zip(states, alone_states, strict=True):
            assert_close(a[i], b, 1e-6)
    layer = getattr(layers, kind)(3, return_sequences=True, zero_output_for_mask=True)
    assert (layer(noise, mask=MASK).numpy()[~MASK] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_no_gradient_through_masked_steps(kind):
    layer = getattr(layers, kind)(3, return_sequences=True)
    x = minidl.Tensor(X)
    with minidl.GradientTape() as tape:
        tape.watch(x)
        loss = ops.sum(layer(x, mask=MASK))
    gradient = tape.gradient(loss, x).numpy()
    assert (gradient[~MASK] == 0).all()
    assert (np.abs(gradient[MASK]) > 0).all()


@pytest.mark.parametrize("wrap", ["plain", "stack", "Bidirectional"])
def test_masks_reach_the_layer_in_a_model(wrap):
    x = np.where(MASK[..., None], X, 0.0).astype(np.float32)
    inner = layers.LSTM(3, return_sequences=True)
    if wrap == "stack":
        inner = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)
    elif wrap == "Bidirectional":
        inner = layers.Bidirectional(inner)
    last = layers.GRU(2)
    model = minidl.Sequential([layers.Masking(), inner, last])
    got = model(x).numpy()
    expected = last(inner(x, mask=MASK), mask=MASK).numpy()
    np.testing.assert_array_equal(got, expected)
    assert (np.abs(got - last(inner(x, mask=np.ones_like(MASK)))) > 1e-6).any()
    y = inner(layers.Masking()(x))
    np.testing.assert_array_equal(y._keras_mask.numpy(), MASK)


def test_mask_of_an_embedding_reaches_the_layer():
    words = np.array([[3, 1, 0, 0], [2, 2, 1, 0]])
    embedding, lstm = layers.Embedding(4, 3, mask_zero=True), layers.LSTM(2)
    got = minidl.Sequential([embedding, lstm])(words).numpy()
    expected = lstm(np.array(embedding(words)), mask=words != 0).numpy()
    np.testing.assert_array_equal(got, expected)
    assert np.abs(got - lstm(np.array(embedding(words))).numpy()).max() > 1e-6


def test_masks_of_several_outputs():
    y, h, c = layers.LSTM(2, return_sequences=True, return_state=True)(X, mask=MASK)
    np.testing.assert_array_equal(y._keras_mask.numpy(), MASK)
    assert h._keras_mask is None and c._keras_mask is None
    y, z = layers.Bidirectional(layers.LSTM(2, return_sequences=True), None)(X, mask=MASK)
    np.testing.assert_array_equal(y._keras_mask.numpy(), MASK)
    np.testing.assert_array_equal(z._keras_mask.numpy(), MASK)
    assert layers.LSTM(2)(X, mask=MASK)._keras_mask is None


# -- dropout ------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)])
def test_dropout_is_the_same_at_all_steps_and_new_at_each_call(kind, rates):
    layer = getattr(layers, kind)(3, dropout=rates[0], recurrent_dropout=rates[1], seed=4)
    still = layer(X).numpy()
    np.testing.assert_array_equal(layer(X).numpy(), still)
    first, second = layer(X, training=True).numpy(), layer(X, training=True).numpy()
    assert (first != still).any() and (first != second).any()
    again = getattr(layers, kind)(3, dropout=rates[0], recurrent_dropout=rates[1], seed=4)
    again.build(X.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(X, training=True).numpy(), first)
    assert layer.cell._dropout_mask is None  # nothing is kept between sequences


def test_dropout_of_inputs_by_numbers():
    """A cell that sums its inputs shows which ones were dropped, and that they stay so."""
    layer = layers.SimpleRNN(
        50, "linear", dropout=0.25, kernel_initializer="identity", recurrent_initializer="zeros",
        return_sequences=True, seed=1,
    )  # fmt: skip
    y = layer(np.ones((40, 6, 50), np.float32), training=True).numpy()
    assert set(np.unique(y.round(5))) == {0.0, np.float32(4 / 3).round(5)}
    assert (y == y[:, :1]).all()
    assert abs((y == 0).mean() - 0.25) < 0.03


def test_dropout_of_the_state_by_numbers():
    layer = layers.SimpleRNN(
        50, "linear", recurrent_dropout=0.5, kernel_initializer="identity",
        recurrent_initializer="identity", return_sequences=True, seed=1,
    )  # fmt: skip
    y = layer(np.ones((40, 3, 50), np.float32), training=True).numpy()
    assert (y[:, 0] == 1).all()
    # dropped: 1 at each step; kept: h' = 1 + 2 h
    assert {tuple(v) for v in y.transpose(0, 2, 1).reshape(-1, 3)} == {(1, 1, 1), (1, 3, 7)}
    assert abs((y[:, 1] == 1).mean() - 0.5) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_of_everything(kind):
    layer = getattr(layers, kind)(3, dropout=1.0)
    y = layer(X, training=True).numpy()
    np.testing.assert_array_equal(y, layer(np.zeros_like(X)).numpy())
    layer = getattr(layers, kind)(3, recurrent_dropout=1.0, return_sequences=True)
    assert np.isfinite(layer(X, training=True).numpy()).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_repeats_under_one_seed(kind):
    def losses():
        minidl.set_random_seed(7)
        model = minidl.Sequential(
            [
                layers.Bidirectional(getattr(layers, kind)(4, dropout=0.3, recurrent_dropout=0.2)),
                layers.Dense(1),
            ]
        )
        model.compile("adam", "mse")
        return model.fit(X, X[:, 0, :1], epochs=3, batch_size=2, verbose=0).history["loss"]

    assert losses() == losses()


def test_gates_have_masks_of_their_own():
    """Recurrent dropout, or implementation 1, draws one mask per gate."""
    cell = layers.LSTMCell(3, dropout=0.5, recurrent_dropout=0.5)
    assert cell.get_dropout_mask(X[:, 0]).shape == (4, 3, 4)
    assert layers.GRUCell(3, dropout=0.5, implementation=1).get_dropout_mask(X[:, 0]).ndim == 3
    assert layers.GRUCell(3, dropout=0.5).get_dropout_mask(X[:, 0]).shape == (3, 4)
    mask = cell.get_dropout_mask(X[:, 0])
    assert cell.get_dropout_mask(X[:, 1]) is mask
    cell.reset_dropout_mask()
    assert cell.get_dropout_mask(X[:, 0]) is not mask


# -- weights and states ---------------------------------------------------------------------------
def test_weights_of_the_layers():
    for layer, shapes in (
        (layers.SimpleRNN(3), [(4, 3), (3, 3), (3,)]),
        (layers.LSTM(3), [(4, 12), (3, 12), (12,)]),
        (layers.GRU(3), [(4, 9), (3, 9), (2, 9)]),
        (layers.GRU(3, reset_after=False), [(4, 9), (3, 9), (9,)]),
        (layers.GRU(3, use_bias=False), [(4, 9), (3, 9)]),
        (layers.Bidirectional(layers.GRU(3, use_bias=False)), [(4, 9), (3, 9)] * 2),
    ):
        layer.build((None, None, 4))
        assert [w.shape for w in layer.get_weights()] == shapes
        layer.trainable = False
        assert layer.trainable_weights == [] and layers.LSTM(3, trainable=False).trainable is False
    bias = layers.LSTM(2, bias_initializer="random_normal")
    bias.build((1, 1, 1))
    values = bias.get_weights()[2]
    assert (values[2:4] == 1).all() and (np.abs(values[[0, 1, 4, 5, 6, 7]]) < 0.5).all()


def test_losses_and_constraints():
    layer = layers.LSTM(
        3, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2",
        activity_regularizer="l2", kernel_constraint="non_neg",
    )  # fmt: skip
    y = layer(X).numpy()
    kernel, recurrent, bias = layer.get_weights()
    wanted = 0.01 * ((kernel**2).sum() + np.abs(recurrent).sum() + (bias**2).sum())
    wanted += 0.01 * (y**2).sum() / 3
    np.testing.assert_allclose(sum(float(loss) for loss in layer.losses), wanted, rtol=1e-5)
    assert layer.cell.kernel.constraint is not None


def test_weights_of_bidirectional_given_at_the_start():
    first = layers.Bidirectional(layers.GRU(2))
    first.build(X.shape)
    again = layers.Bidirectional(layers.GRU(2), weights=first.get_weights())
    np.testing.assert_array_equal(again(X).numpy(), first(X).numpy())


def test_stateful_is_one_long_sequence():
    whole = layers.GRU(3, return_sequences=True)
    parts = layers.GRU(3, return_sequences=True, stateful=True)
    assert parts.states is None
    whole.build(X.shape)
    parts.build(X.shape)
    parts.set_weights(whole.get_weights())
    joined = np.concatenate([parts(X[:, :2]).numpy(), parts(X[:, 2:]).numpy()], 1)
    assert_close(joined, whole(X).numpy(), 1e-6)
    parts.reset_states()
    np.testing.assert_array_equal(parts(X).numpy(), whole(X).numpy())
    parts.states[0].assign(np.ones((3, 3)))
    assert_close(
        parts(X).numpy(), whole(X, initial_state=np.ones((3, 3), np.float32)).numpy(), 1e-6
    )


def test_stateful_in_a_model():
    model = minidl.Sequential([layers.LSTM(3, stateful=True), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, 0, :1], batch_size=3, epochs=2, shuffle=False, verbose=0)
    first = model.predict(X, batch_size=3, verbose=0)
    assert (model.predict(X, batch_size=3, verbose=0) != first).any()
    assert len(model.weights) == 5


def test_stateful_with_a_fixed_batch_trains_as_a_loop_that_carries_states():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(8, 5, 2)).astype(np.float32)
    y = x.sum((1, 2))[:, None]
    model = minidl.Sequential(
        [minidl.Input(batch_shape=(4, 5, 2)), layers.GRU(6, stateful=True), layers.Dense(1)]
    )
    gru, dense = layers.GRU(6, return_state=True), layers.Dense(1)
    gru.build((4, 5, 2))
    dense.build((4, 6))
    gru.set_weights(model.get_weights()[:3])
    dense.set_weights(model.get_weights()[3:])
    model.compile(minidl.optimizers.SGD(0.05), "mse")
    model.fit(x, y, batch_size=4, shuffle=False, epochs=2, verbose=0)
    optimizer, state = minidl.optimizers.SGD(0.05), np.zeros((4, 6), np.float32)
    variables = [*gru.trainable_variables, *dense.trainable_variables]
    for start in (0, 4, 0, 4):
        with minidl.GradientTape() as tape:
            out, last = gru(x[start : start + 4], initial_state=state)
            loss = minidl.ops.mean((dense(out) - y[start : start + 4]) ** 2)
        optimizer.apply(tape.gradient(loss, variables), variables)
        state = last.numpy()
    for a, b in zip(model.get_weights(), variables, strict=True):
        assert_close(a, b.numpy(), 1e-5)
    with pytest.raises(ValueError, match=r"takes inputs of shape \(4, 5, 2\)"):
        model.predict(x[:3], verbose=0)


def test_states_go_from_encoder_to_decoder():
    encoder = layers.LSTM(3, return_state=True)
    decoder = layers.LSTM(3, return_sequences=True)
    _, *states = encoder(X)
    whole = layers.LSTM(3, return_sequences=True)
    whole.build(X.shape)
    for one in (encoder, decoder):
        one.build(X.shape)
        one.set_weights(whole.get_weights())
    _, *states = encoder(X)
    twice = whole(np.concatenate([X, X], 1)).numpy()
    assert_close(decoder(X, initial_state=states).numpy(), twice[:, 5:], 1e-6)


def test_time_distributed_calls_users_layers_step_by_step():
    class Batch(minidl.Layer):
        def call(self, x):
            return x - ops.mean(x, axis=0, keepdims=True)

    got = layers.TimeDistributed(Batch())(X).numpy()
    assert_close(got, X - X.mean(0, keepdims=True), 1e-6)
    model = minidl.Sequential([layers.Dense(3), layers.ReLU()])
    got = layers.TimeDistributed(model)(X).numpy()
    np.testing.assert_allclose(got, np.stack([model(X[:, t]) for t in range(5)], 1), rtol=1e-6)


def test_time_distributed_penalises_activity():
    layer = layers.TimeDistributed(layers.Dense(2, activity_regularizer="l2"))
    y = layer(X).numpy()
    np.testing.assert_allclose(
        sum(float(loss) for loss in layer.losses), 0.01 * (y**2).sum() / 3, rtol=1e-5
    )


@pytest.mark.parametrize("batch", [0, 1])
def test_small_batches(batch):
    x = X[:batch]
    for layer in (layers.LSTM(2), layers.Bidirectional(layers.GRU(2, return_sequences=True))):
        assert layer(x).shape == tuple(layer.compute_output_shape(x.shape))


def test_float64_and_dtypes():
    for make in (
        lambda: layers.Bidirectional(layers.LSTM(2, dtype="float64"), dtype="float64"),
        lambda: layers.RNN([layers.GRUCell(2, dtype="float64")], dtype="float64"),
        lambda: layers.TimeDistributed(layers.Dense(2, dtype="float64"), dtype="float64"),
    ):
        layer = make()
        assert layer(X.astype(np.float64)).dtype == np.float64
        assert all(w.dtype == np.float64 for w in layer.weights)
    assert layers.LSTM(2)(np.ones((1, 2, 3), np.int64)).dtype == np.float32
    assert layers.RNN(layers.GRUCell(2, dtype="float64"))(X).dtype == np.float32


def test_a_failed_call_leaves_no_dropout_mask():
    class Fails(layers.LSTMCell):
        def call(self, inputs, states, training=False):
            super().call(inputs, states, training)
            raise ZeroDivisionError

    layer = layers.RNN(Fails(2, dropout=0.5))
    with pytest.raises(ZeroDivisionError):
        layer(X, training=True)
    assert layer.cell._dropout_mask is None


def test_a_long_sequence_of_a_users_cell():
    """Time and memory of the gradient grow with the steps, not with their square."""
    x = minidl.Tensor(np.full((1, 3000, 2), 1e-3, np.float32))
    layer = layers.RNN(Decay(2))
    with minidl.GradientTape() as tape:
        tape.watch(x)
        loss = ops.sum(layer(x))
    assert np.isfinite(tape.gradient(loss, x).numpy()).all()


def test_ten_thousand_steps():
    """Forward and back over a long sequence: one entry of the tape for all steps."""
    layer = layers.LSTM(4, return_sequences=True)
    peaks = {}
    for steps in (10, 10_000):
        x = minidl.Tensor(np.random.default_rng(0).standard_normal((2, steps, 3), np.float32))
        tracemalloc.start()
        with minidl.GradientTape() as tape:
            tape.watch(x)
            loss = ops.mean(layer(x)[:, -10:] ** 2)
        grads = tape.gradient(loss, [x, *layer.trainable_weights])
        peaks[steps] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert all(np.isfinite(g.numpy()).all() for g in grads)
        assert np.abs(grads[0].numpy()[:, -1]).max() > 0
    y = layer(x).numpy()
    h, c = layer.get_initial_state(2)
    for t in range(40):  # the start, by hand
        out, (h, c) = layer.cell(x[:, t], [h, c])
        assert_close(y[:, t], out.numpy(), 1e-6, f"step {t}")
    # what numpy and Python hold; steps recorded one by one take 40 times as much
    assert peaks[10_000] < peaks[10] + 4 * (x.numpy().nbytes + y.nbytes)
