"""Custom layers and models: losses, weights, tracking, steps of one's own, freezing."""

import copy
import json
import pickle

import minidl
import numpy as np
import pytest
from minidl import layers, ops

from bench import fit_overhead
from tests.checks import assert_close
from tests.keras_peer import keras, peer_weights

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning"),
]

X = np.random.default_rng(0).standard_normal((32, 4)).astype(np.float32)
Y = X[:, :1] * 2 - 1


class Shrink(minidl.Layer):
    """A layer with a weight, a penalty on its output, and layers in a list and a dict."""

    def __init__(self, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.many = [layers.Dense(3), layers.Dense(3)]
        self.named = {"last": layers.Dense(2)}
        self.seen = minidl.metrics.Mean(name="seen")

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

    def call(self, x):
        x = x * self.scale
        for layer in self.many:
            x = layer(x)
        self.add_loss(self.rate * ops.mean(ops.square(x)))
        self.seen.update_state(ops.mean(x))
        return self.named["last"](x)


def graph():
    x = minidl.Input((4,))
    return minidl.Model(x, layers.Dense(1, kernel_regularizer="l2")(Shrink()(x)))


def test_everything_inside_is_tracked():
    model = graph()
    shrink = model.layers[1]
    assert [w.path.split("/")[-2] for w in shrink.weights][:1] == [shrink.name]
    assert len(shrink.weights) == 1 + 3 * 2
    assert len(model.trainable_weights) == 7 + 2
    assert [m.name for m in model.metrics] == ["seen"]
    model(X)
    assert len(model.losses) == 2  # the penalty on the output, the one on the kernel
    model(X)
    assert len(model.losses) == 2


def test_added_losses_are_trained_on_and_metrics_logged():
    model = graph()
    model.compile("sgd", "mse", metrics=["mae"])
    logs = model.test_on_batch(X, Y, return_dict=True)
    assert list(logs) == ["loss", "mae", "seen"]
    expected = float(np.mean((model(X).numpy() - Y) ** 2)) + sum(float(v) for v in model.losses)
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)
    before = model.layers[1].scale.numpy()
    model.fit(X, Y, verbose=0)
    assert (model.layers[1].scale.numpy() != before).any()
    alone = minidl.Model(model.input, model.output)
    alone.compile("sgd", loss=None)
    assert alone.fit(X, verbose=0).history["loss"][0] > 0


def test_steps_of_ones_own():
    class Own(minidl.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.tracker = minidl.metrics.Mean(name="distance")

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = ops.mean(ops.absolute(y_pred - y))
            self.tracker.update_state(loss)
            return loss

        def test_step(self, data):
            x, y = data[:2]
            self.tracker.update_state(ops.mean(ops.absolute(self(x) - y)))
            return {"distance": self.tracker.result()}

        def predict_step(self, data):
            return self(data[0]) * 10.0

        @property
        def metrics(self):
            return [self.tracker]

    x = minidl.Input((4,))
    model = Own(x, layers.Dense(1)(x))
    model.compile("sgd")
    history = model.fit(X, Y, epochs=3, verbose=0).history
    assert list(history) == ["distance"]
    assert history["distance"][-1] < history["distance"][0]
    distance = float(np.abs(model(X).numpy() - Y).mean())
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(distance, rel=1e-5)
    np.testing.assert_allclose(model.predict(X, verbose=0), model(X).numpy() * 10, rtol=1e-6)


def test_a_compiled_model_inside_keeps_its_metrics_to_itself():
    inner = minidl.Sequential([minidl.Input((3,)), layers.Dense(1, activation="sigmoid")])
    inner.compile("sgd", "mse", metrics=["mae"])
    x = minidl.Input((3,))
    outer = minidl.Model(x, inner(x))
    outer.compile("sgd", "binary_crossentropy")
    given, wanted = np.ones((4, 3), np.float32), np.ones((4, 1), np.float32)
    logs = outer.evaluate(given, wanted, verbose=0, return_dict=True)
    expected = -np.log(outer.predict(given, verbose=0)[0, 0])
    assert list(logs) == ["loss"]
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_model_that_is_all_train_step():
    class Sampling(minidl.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seeds = minidl.random.SeedGenerator(1)

        def call(self, inputs):
            mean, spread = inputs
            noise = minidl.random.normal(ops.shape(mean), seed=self.seeds)
            return mean + ops.exp(0.5 * spread) * noise

    x, z = minidl.Input((4,)), minidl.Input((2,))
    mean, spread = layers.Dense(2)(x), layers.Dense(2)(x)
    sample = Sampling()([mean, spread])
    assert sample.shape == (None, 2)

    class Pair(minidl.Model):
        def __init__(self):
            super().__init__()
            self.encoder = minidl.Model(x, [mean, spread, sample])
            self.decoder = minidl.Model(z, layers.Dense(4)(z))
            self.tracker = minidl.metrics.Mean(name="loss")

        @property
        def metrics(self):
            return [self.tracker]

        def train_step(self, data):
            x = data  # as Keras hands over what has no targets
            with minidl.GradientTape() as tape:
                loss = ops.mean(ops.square(x - self.decoder(self.encoder(x)[2])))
            weights = self.trainable_weights
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            self.tracker.update_state(loss)
            return {"loss": self.tracker.result()}

    model = Pair()
    model.compile(minidl.optimizers.Adam(0.05), run_eagerly=True)
    losses = model.fit(X, epochs=40, verbose=0).history["loss"]
    assert all(isinstance(value, float) for value in losses)
    assert losses[-1] < losses[0]
    assert model.run_eagerly
    with pytest.raises(NotImplementedError, match="`call`"):
        model.predict(X, verbose=0)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nested", [False, True])
def test_frozen_layers_stay_as_they_are(when, nested):
    x = minidl.Input((4,))
    inner_in = minidl.Input((4,))
    body = layers.Dense(6, activation="relu")(inner_in)
    inner = minidl.Model(inner_in, layers.BatchNormalization()(body), name="base")
    base = inner(x) if nested else layers.Dense(6, activation="relu", name="base")(x)
    model = minidl.Model(x, layers.Dense(1)(base))
    frozen = model.get_layer("base")
    if when == "before":
        frozen.trainable = False
    model.compile("adam", "mse")
    if when == "after":
        frozen.trainable = False
    assert len(model.trainable_weights) == 2
    before, head = frozen.get_weights(), model.layers[-1].get_weights()
    model.fit(X, Y, epochs=2, verbose=0)
    for a, b in zip(before, frozen.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # the moving statistics too
    assert (model.layers[-1].get_weights()[0] != head[0]).any()
    frozen.trainable = True
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    assert (frozen.get_weights()[0] != before[0]).any()
    config = minidl.Model.from_config(model.get_config())
    assert config.get_layer("base").trainable


def test_configs_remember_what_is_frozen():
    x = minidl.Input((4,))
    model = minidl.Model(x, layers.Dense(2, name="head")(layers.Dense(3, name="base")(x)))
    model.get_layer("base").trainable = False
    again = minidl.Model.from_config(json.loads(json.dumps(model.get_config())))
    assert [len(m.trainable_weights) for m in (model, again)] == [2, 2]
    peer = keras().Model.from_config(json.loads(json.dumps(model.get_config())))
    assert len(peer.trainable_weights) == 2
    model.trainable = False
    assert model.trainable_weights == []
    assert not model.get_layer("head").trainable


def test_an_image_graph_trains_as_in_keras():
    k = keras()
    image = minidl.Input((10, 10, 2))
    a = layers.Conv2D(6, 3, padding="same", use_bias=False)(image)
    a = layers.ReLU()(layers.BatchNormalization()(a))
    b = layers.Conv2D(6, 1, activation="tanh")(image)
    c = layers.MaxPooling2D()(layers.Add()([a, b]))
    d = layers.Concatenate()([c, ops.tanh(c) * 0.5])
    out = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(d))
    ours = minidl.Model(image, out)
    peer = k.Model.from_config(json.loads(json.dumps(ours.get_config())))
    peer.set_weights(ours.get_weights())
    kinds = {
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "weighted_metrics": ["accuracy"],
    }
    ours.compile(minidl.optimizers.SGD(0.05, momentum=0.9), **kinds)
    peer.compile(k.optimizers.SGD(0.05, momentum=0.9), **kinds)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((48, 10, 10, 2)).astype(np.float32)
    y = rng.integers(0, 3, 48)
    options = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
    options["class_weight"] = {0: 0.5, 1: 2.0, 2: 1.0}
    mine = ours.fit(x, y, **options).history
    theirs = peer.fit(x, y, **options).history
    assert sorted(mine) == sorted(theirs)
    for name, values in mine.items():
        np.testing.assert_allclose(values, theirs[name], rtol=1e-3, atol=1e-4, err_msg=name)
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        assert_close(a, b, 2e-3, "weights")


@pytest.mark.parametrize("kind", fit_overhead.KINDS)
def test_fit_costs_little_beside_the_kernels(kind):
    """At most 60 us a step beyond a bare loop, with a metric and a live progress bar."""
    fit, loop = fit_overhead.measure(kind)
    assert fit - loop < 60e-6


def test_variables_that_are_attributes_freeze_with_their_layer():
    class Shift(minidl.Layer):
        def __init__(self, unused=None):
            super().__init__()
            self.shift = minidl.Variable(1.0, name="shift")
            self.steps = minidl.Variable(0.0, trainable=False, name="steps")

        def call(self, x):
            return x + self.shift

    x = minidl.Input((4,))
    stranger = layers.Dense(2)
    stranger.build((None, 4))
    shift = Shift(stranger)
    model = minidl.Model(x, layers.Dense(1)(shift(x)))
    assert len(shift.weights) == 2  # an argument that is not kept is no part of the layer
    assert len(model.trainable_weights) == 3
    shift.trainable = False
    assert len(model.trainable_weights) == 2
    shift.trainable = False
    shift.trainable = True
    assert [v.name for v in shift.trainable_weights] == ["shift"]


def test_own_variables_to_a_store_and_back():
    class Scale(minidl.Layer):
        def build(self, shape):
            self.scale = self.add_variable((shape[-1],), "ones", name="scale")
            self.calls = self.add_variable((), "zeros", trainable=False)

        def call(self, x):
            return x * self.scale

    a, b = Scale(), Scale()
    a.build((None, 3))
    with pytest.raises(ValueError, match="Is the layer built"):
        b.load_own_variables({"0": np.ones(3), "1": np.ones(())})
    b.build((None, 3))
    a.set_weights([np.arange(3.0), np.float32(7)])
    store = {}
    a.save_own_variables(store)
    b.load_own_variables(store)
    assert list(store) == ["0", "1"]
    np.testing.assert_array_equal(b.scale.numpy(), [0, 1, 2])
    assert b.calls.numpy() == 7 and b.input_dtype == "float32" and b.metrics_variables == []


@pytest.mark.parametrize("kind", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_train_on_as_the_original(kind):
    m = minidl.Sequential([minidl.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
    m.compile(minidl.optimizers.AdamW(0.01), "mse", metrics=["mae"])
    m.optimizer.exclude_from_weight_decay(var_names=["bias"])
    x, y = np.random.default_rng(0).normal(size=(2, 8, 3)).astype("float32")
    m.fit(x, y[:, :1], verbose=0)
    twin = kind(m)
    for each in (m, twin):
        each.fit(x, y[:, :1], epochs=3, shuffle=False, verbose=0)
    for a, b in zip(m.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert twin.optimizer.iterations == 4


def test_clones_are_compiled_with_fresh_state():
    m = minidl.Sequential([minidl.Input((3,)), layers.Dense(1)])
    m.compile(minidl.optimizers.SGD(0.25, momentum=0.5), lambda a, b: (a - b) ** 2, metrics=["mae"])
    x, y = np.ones((4, 3), np.float32), np.ones((4, 1), np.float32)
    m.fit(x, y, verbose=0)
    twin = minidl.models.clone_model(m)
    assert twin.compiled and twin.optimizer is not m.optimizer
    assert twin.optimizer.iterations == 0 and twin.optimizer.momentum == 0.5
    twin.fit(x, y, verbose=0)


@pytest.mark.parametrize("kind", ["x", "x, y", "x, y, w", "[x]"])
def test_what_a_step_of_ones_own_is_handed(kind):
    """As Keras: an array alone, or a tuple without what was not given."""
    seen = []

    class Watch(minidl.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x[0] if isinstance(x, (list, tuple)) else x)

        def train_step(self, data):
            seen.append(data)
            return {"loss": 0.0}

        test_step = train_step

    x, y, w = np.ones((4, 2), "float32"), np.ones((4, 1), "float32"), np.ones(4, "float32")
    given = {"x": (x,), "x, y": (x, y), "x, y, w": (x, y), "[x]": ([x],)}[kind]
    more = {"sample_weight": w} if kind == "x, y, w" else {}
    model = Watch()
    model.compile("sgd", "mse")
    model.fit(*given, **more, verbose=0)
    model.evaluate(*given, **more, verbose=0)
    model.train_on_batch(*given, **more)
    assert len(seen) == 3
    for data in seen:
        if kind == "x":
            assert not isinstance(data, tuple) and np.shape(data) == (4, 2)
        else:
            assert isinstance(data, tuple) and len(data) == len(kind.split(","))
