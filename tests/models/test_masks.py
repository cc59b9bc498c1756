"""Masks that travel: from the layer that makes one to layers, losses and metrics behind it."""

import warnings

import minidl
import numpy as np
import pytest
from minidl import layers, ops

from ..keras_peer import keras, pytorch, value


class Mark(minidl.Layer):
    """Masks the steps whose first feature is 0, as `Masking` does for all features."""

    def call(self, inputs):
        return inputs * 1.0

    def compute_mask(self, inputs, previous_mask=None):
        return ops.not_equal(inputs[..., 0], 0.0)


class Witness(minidl.Layer):
    """Remembers the mask it was called with."""

    seen = None
    supports_masking = True

    def call(self, inputs, mask=None):
        self.seen = None if mask is None else np.array(mask)
        return inputs * 1.0


def sequences(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4, 5, 3)).astype("float32")
    lengths = [5, 3, 1, 4]
    for i, n in enumerate(lengths):
        x[i, n:] = 0
    return x, np.array([[t < n for t in range(5)] for n in lengths])


def test_through_sequential_and_elementwise_layers():
    x, keep = sequences()
    witness = Witness()
    model = minidl.Sequential(
        [Mark(), layers.Dense(4), layers.ReLU(), layers.Dropout(0.5), witness]
    )
    out = model(x, training=True)
    np.testing.assert_array_equal(witness.seen, keep)
    np.testing.assert_array_equal(np.array(out._keras_mask), keep)


def test_through_nested_and_subclassed_models():
    x, keep = sequences()

    class Outer(minidl.Model):
        def __init__(self):
            super().__init__()
            self.first = minidl.Sequential([Mark(), layers.Dense(2)])
            self.witness = Witness()

        def call(self, inputs):
            return self.witness(self.first(inputs))

    model = Outer()
    model(x)
    np.testing.assert_array_equal(model.witness.seen, keep)


def test_an_explicit_mask_wins_and_travels_on():
    x, keep = sequences()
    layer, witness = layers.LayerNormalization(), Witness()
    witness(Mark()(x), mask=~keep)
    np.testing.assert_array_equal(witness.seen, ~keep)
    y = layers.Activation("tanh")(Mark()(x))
    np.testing.assert_array_equal(np.array(y._keras_mask), keep)
    assert layer(x)._keras_mask is None


def test_each_tensor_argument_has_its_own_mask():
    x, keep = sequences()
    seen = {}

    class Two(minidl.Layer):
        supports_masking = True

        def build(self, query_shape, value_shape):
            self.shapes = query_shape, value_shape

        def call(self, query, value, query_mask=None, value_mask=None):
            seen.update(query=query_mask, value=value_mask)
            return query

    two = Two()
    two(x, Mark()(x))
    assert seen["query"] is None and two.shapes == ((4, 5, 3), (4, 5, 3))
    np.testing.assert_array_equal(np.array(seen["value"]), keep)
    two(query=Mark()(x), value=x)
    assert seen["value"] is None
    np.testing.assert_array_equal(np.array(seen["query"]), keep)
    assert two.get_build_config() == {
        "shapes_dict": {"query_shape": (4, 5, 3), "value_shape": (4, 5, 3)}
    }


def test_a_layer_that_drops_masks_warns():
    x, _ = sequences()
    with pytest.warns(UserWarning, match="does not support masking"):
        layers.Flatten()(Mark()(x))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = layers.GlobalAveragePooling1D()(Mark()(x))
    assert out._keras_mask is None


def test_pooling_takes_the_mask_by_itself():
    x, keep = sequences()
    got = minidl.Sequential([Mark(), layers.GlobalAveragePooling1D()])(x).numpy()
    expected = [x[i, keep[i]].mean(0) for i in range(4)]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_folded_batch_normalisation_keeps_the_mask():
    x, keep = sequences()
    model = minidl.Sequential([layers.Dense(4), layers.BatchNormalization()])
    plain = model(x).numpy()
    marked = model(Mark()(x))
    np.testing.assert_array_equal(np.array(marked._keras_mask), keep)
    # Weights are drawn anew: a value near 0 is right to the scale of the others.
    np.testing.assert_allclose(marked.numpy(), plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_against_keras(reduction, weighted):
    k = keras()
    torch = pytorch()

    x, keep = sequences()
    y = np.random.default_rng(1).normal(size=(4, 5, 3)).astype("float32")
    weight = np.random.default_rng(2).uniform(0.5, 2, (4, 5)).astype("float32")
    weight = weight if weighted else None
    ours = minidl.losses.MeanSquaredError(reduction=reduction)(y, Mark()(x), weight)
    theirs = torch.tensor(x)
    theirs._keras_mask = torch.tensor(keep)
    expected = k.losses.MeanSquaredError(reduction=reduction)(y, theirs, weight)
    np.testing.assert_allclose(float(ours), float(expected), rtol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_against_keras(weighted):
    k = keras()
    torch = pytorch()

    x, keep = sequences()
    y = np.random.default_rng(1).integers(0, 3, (4, 5))
    weight = np.random.default_rng(2).uniform(0.5, 2, (4, 5)).astype("float32")
    weight = weight if weighted else None
    for name, target in (("SparseCategoricalAccuracy", y), ("MeanSquaredError", x + 1)):
        ours = getattr(minidl.metrics, name)()
        theirs = getattr(k.metrics, name)()
        tensor = torch.tensor(x)
        tensor._keras_mask = torch.tensor(keep)
        for _ in range(2):
            ours.update_state(target, Mark()(x), weight)
            theirs.update_state(target, tensor, weight)
        np.testing.assert_allclose(float(ours.result()), float(theirs.result()), rtol=1e-6)


def test_batch_normalization_against_keras():
    k = keras()
    x, keep = sequences()
    ours = layers.BatchNormalization(momentum=0.7)
    theirs = k.layers.BatchNormalization(momentum=0.7)
    for _ in range(2):
        got = ours(x, training=True, mask=keep)
        expected = theirs(x, training=True, mask=keep)
        np.testing.assert_allclose(got.numpy(), value(expected), rtol=1e-5, atol=1e-6)
    for mine, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), value(other.value), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="`mask` must have one axis fewer"):
        ours(x, training=True, mask=keep[0])


def test_fit_and_evaluate_leave_masked_steps_out():
    x, keep = sequences()
    y = np.random.default_rng(1).normal(size=(4, 5, 1)).astype("float32")
    changed = np.where(keep[..., None], y, y + 100)

    def train(targets):
        minidl.set_random_seed(3)
        model = minidl.Sequential([Mark(), layers.Dense(1)])
        model.compile("sgd", "mse", weighted_metrics=["mae"])
        model.fit(x, targets, epochs=2, verbose=0, shuffle=False)
        return model.evaluate(x, targets, verbose=0), model.get_weights()

    (first, weights), (second, others) = train(y), train(changed)
    assert first == second
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.isfinite(first).all()


def test_batch_normalization_gradient_under_a_mask():
    x, keep = sequences()
    layer = layers.BatchNormalization(dtype="float64")
    layer.build((None, None, 3))
    x = x.astype("float64")
    direction = np.random.default_rng(4).normal(size=x.shape)
    with minidl.GradientTape() as tape:
        source = minidl.Tensor(x)
        tape.watch(source)
        loss = ops.sum(layer(source, training=True, mask=keep) * direction)
    gradient = tape.gradient(loss, source).numpy()
    step = 1e-6
    for index in [(0, 0, 0), (1, 2, 1), (2, 4, 2)]:
        moved = x.copy()
        moved[index] += step
        high = float(ops.sum(layer(moved, training=True, mask=keep) * direction))
        moved[index] -= 2 * step
        low = float(ops.sum(layer(moved, training=True, mask=keep) * direction))
        np.testing.assert_allclose(gradient[index], (high - low) / (2 * step), rtol=1e-5)
