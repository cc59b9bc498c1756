"""Batch normalisation folded at inference: the same numbers, and no weight ever stale."""

import copy

import minidl
import numpy as np
import pytest
from minidl import layers
from minidl.models._folding import Folded
from minidl.testing import check_gradients

from tests.layers.random_layers import configuration

NAMES = (
    *("Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
    *("SeparableConv1D", "SeparableConv2D", "Conv1DTranspose", "Conv2DTranspose"),
)


def _randomise(model, rng):
    for w in model.weights:
        low, high = (0.3, 3.0) if "variance" in w.name else (-1.0, 1.0)
        w.assign(rng.uniform(low, high, w.shape))


def _plainly(model, x):
    """Layer by layer, nothing folded."""
    x = minidl.Tensor(np.asarray(x, model.layers[0].dtype))
    for layer in model.layers:
        x = layer(x, training=False)
    return x.numpy()


def _folded(model):
    return [step for step in model._inference_steps() if isinstance(step, Folded)]


def _check(model, x, count=1):
    expected, before = _plainly(model, x), model.get_weights()
    for got in (model.predict(x, verbose=0), model(x).numpy(), model(x, training=False).numpy()):
        assert got.dtype == expected.dtype
        close = 1e-5 if got.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(got, expected, rtol=close, atol=close * np.abs(expected).max())
    assert len(_folded(model)) == count
    for old, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, now)


def _model(stack, shape, rng, dtype="float32"):
    model = minidl.Sequential([minidl.Input(shape[1:], dtype=dtype), *stack])
    _randomise(model, rng)
    return model


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("name", NAMES)
def test_convolutions(name, number):
    rng = np.random.default_rng([NAMES.index(name), number])
    config, shape = configuration(name, rng)
    config["activation"] = None
    dtype = ("float32", "float64")[number % 2]
    norm = {"scale": bool(rng.integers(3)), "center": bool(rng.integers(3)), "dtype": dtype}
    stack = [
        getattr(layers, name)(dtype=dtype, **config),
        layers.BatchNormalization(**norm),
        *([layers.ReLU(dtype=dtype)] if number % 3 else []),
    ]
    _check(_model(stack, shape, rng, dtype), rng.standard_normal(shape).astype(dtype))


def test_dense_and_longer_stacks():
    rng = np.random.default_rng(0)
    stack = [
        layers.AtrousConv2D(5, 3, 2, padding="same"),
        layers.BatchNormalization(axis=3),
        layers.Activation("relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(4, 2, activation="relu"),
        layers.BatchNormalization(),  # behind an activation: stays
        layers.Flatten(),
        layers.Dense(6),
        layers.BatchNormalization(),
        layers.ReLU(max_value=1.0),  # another relu: stays
        layers.Dense(3, use_bias=False),
        layers.BatchNormalization(),
        layers.Dense(2, activation="softmax"),
    ]
    shape = (5, 8, 8, 3)
    model = _model(stack, shape, rng)
    _check(model, rng.standard_normal(shape, np.float32), count=3)
    assert [step.relu is not None for step in _folded(model)] == [True, False, False]


@pytest.mark.parametrize(
    "stack",
    [
        [layers.Conv2D(3, 2, activation="relu"), layers.BatchNormalization()],
        [layers.Conv2D(3, 2, activation="tanh"), layers.BatchNormalization()],
        [layers.Conv2D(3, 2), layers.BatchNormalization(axis=1)],
        [layers.Conv2D(3, 2), layers.Dropout(0.5), layers.BatchNormalization()],
        [layers.BatchNormalization(), layers.Conv2D(3, 2)],
        [layers.MaxPooling2D(2), layers.BatchNormalization()],
        [layers.Conv2D(3, 2), layers.LayerNormalization()],
    ],
)
def test_what_is_not_folded(stack):
    rng = np.random.default_rng(1)
    shape = (2, 5, 5, 2)
    _check(_model(stack, shape, rng), rng.standard_normal(shape, np.float32), count=0)


def test_a_subclass_is_left_alone():
    class Louder(layers.Conv2D):
        def call(self, inputs):
            return super().call(inputs) * 2.0

    rng = np.random.default_rng(2)
    shape = (2, 5, 5, 2)
    model = _model([Louder(3, 2), layers.BatchNormalization()], shape, rng)
    _check(model, rng.standard_normal(shape, np.float32), count=0)


def test_penalties_on_outputs_are_kept():
    rng = np.random.default_rng(3)
    stack = [layers.Conv2D(3, 2, activity_regularizer="l2"), layers.BatchNormalization()]
    model = _model(stack, (2, 5, 5, 2), rng)
    model(rng.standard_normal((2, 5, 5, 2), np.float32))
    assert len(model.losses) == 1


def _small(rng, seed=None):
    stack = [layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Flatten(),
             layers.Dense(3), layers.BatchNormalization()]  # fmt: skip
    return _model(stack, (6, 5, 5, 2), rng), rng.standard_normal((6, 5, 5, 2), np.float32)


def test_changed_weights_are_noticed():
    rng = np.random.default_rng(4)
    model, x = _small(rng)
    _check(model, x, count=2)
    for weight in model.weights:
        weight.assign_add(np.full(weight.shape, 0.5))
        _check(model, x, count=2)
    model.set_weights([w + 0.1 for w in model.get_weights()])
    _check(model, x, count=2)
    model.layers[1].epsilon = 0.5
    _check(model, x, count=2)


def test_training_and_prediction_take_turns(tmp_path):
    rng = np.random.default_rng(5)
    model, x = _small(rng)
    model.compile(optimizer="adam", loss="mse")
    for _ in range(3):
        model.fit(x, np.zeros((6, 3), np.float32), verbose=0)
        _check(model, x, count=2)
    file = tmp_path / "weights.npz"
    model.save_weights(file)
    wanted = model.predict(x, verbose=0)
    _randomise(model, rng)
    assert not np.allclose(model.predict(x, verbose=0), wanted)
    model.load_weights(file)
    np.testing.assert_array_equal(model.predict(x, verbose=0), wanted)


def test_gradients_in_inference_mode_reach_the_weights():
    rng = np.random.default_rng(6)
    stack = [layers.Conv2D(2, 2, dtype="float64"), layers.BatchNormalization(dtype="float64")]
    model = _model(stack, (2, 3, 3, 2), rng, "float64")
    x = rng.standard_normal((2, 3, 3, 2))
    model(x)
    check_gradients(model, [x], variables=model.trainable_weights)
    with minidl.GradientTape() as tape:
        loss = minidl.ops.sum(model(x, training=False))
    assert all(g is not None for g in tape.gradient(loss, model.trainable_weights))


def test_a_copied_model_has_weights_of_its_own():
    rng = np.random.default_rng(7)
    model, x = _small(rng)
    for weight in model.weights:
        weight.assign(weight.numpy())
    _check(model, x, count=2)
    other = copy.deepcopy(model)
    np.testing.assert_array_equal(other(x).numpy(), model(x).numpy())
    for weight in other.weights:  # until it has been changed as often as the original
        while weight.version < 3:
            weight.assign_add(np.full(weight.shape, 0.25))
    _check(other, x, count=2)
    _check(model, x, count=2)


def test_layers_added_later():
    rng = np.random.default_rng(8)
    model, x = _small(rng)
    _check(model, x, count=2)
    model.pop()
    _check(model, x, count=1)
    model.add(layers.Dense(2))
    model.add(layers.BatchNormalization())
    _randomise(model, rng)
    _check(model, x, count=2)


def test_infinite_factors_are_left_to_the_layers():
    model = _model(
        [layers.Dense(2, kernel_initializer="zeros"), layers.BatchNormalization(epsilon=0.0)],
        (3, 2),
        np.random.default_rng(9),
    )
    model.layers[0].kernel.assign(np.zeros((2, 2)))
    model.layers[1].moving_variance.assign([0.0, 1.0])
    x = np.ones((3, 2), np.float32)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(model(x).numpy(), _plainly(model, x))


def test_wrong_inputs_are_refused_as_before():
    rng = np.random.default_rng(10)
    model, x = _small(rng)
    model(x)
    with pytest.raises(ValueError, match=r"channels-first|axis"):
        model(np.zeros((6, 2, 5, 5), np.float32))
