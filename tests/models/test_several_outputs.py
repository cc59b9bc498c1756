"""Losses, metrics, targets and weights of models with several outputs, beside Keras."""

import json

import minidl
import numpy as np
import pytest
from minidl import layers

from tests.checks import assert_close
from tests.keras_peer import keras, peer_weights

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning"),
]

N = 24


def model(structure=list):
    x, z = minidl.Input((5,), name="x"), minidl.Input((4,), name="z")
    h = layers.Dense(8, activation="tanh", name="h")(x)
    g = layers.Dense(8, activation="tanh", name="g")(z)
    both = layers.Concatenate(name="both")([h, g])
    price = layers.Dense(1, name="price")(both)
    kind = layers.Dense(3, activation="softmax", name="kind")(layers.Add(name="mix")([h, g]))
    outputs = {"price": price, "kind": kind} if structure is dict else structure([price, kind])
    return minidl.Model([x, z], outputs, name="m")


def data(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, 5)).astype(np.float32)
    z = rng.standard_normal((N, 4)).astype(np.float32)
    price = rng.standard_normal((N, 1)).astype(np.float32)
    kind = rng.integers(0, 3, N)
    weight = rng.uniform(0.2, 2.0, N).astype(np.float32)
    other = rng.uniform(0.2, 2.0, N).astype(np.float32)
    return [x, z], price, kind, weight, other


CASES = {
    "lists": {
        "loss": ["mse", "sparse_categorical_crossentropy"],
        "metrics": [["mae"], ["accuracy"]],
    },
    "names": {
        "loss": {"kind": "sparse_categorical_crossentropy", "price": "mae"},
        "loss_weights": {"price": 0.3, "kind": 2.0},
        "metrics": {"kind": "accuracy", "price": ["mae", "mse"]},
        "weighted_metrics": {"kind": ["accuracy"], "price": ["mse"]},
    },
    "weights": {
        "loss": ["mse", "sparse_categorical_crossentropy"],
        "loss_weights": [1.5, 0.25],
        "weighted_metrics": [["mae"], "accuracy"],
    },
    "no loss for one": {"loss": ["mse", None], "metrics": [None, ["accuracy"]]},
}
WEIGHTS = {
    "none": lambda w, v: None,
    "list": lambda w, v: [w, v],
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("structure", [list, tuple, dict])
def test_training_equals_keras(case, weights, structure):
    if structure is dict and case in ("lists", "weights", "no loss for one"):
        pytest.skip("Keras wants a dict of losses for a dict of outputs")
    k = keras()
    ours = model(structure)
    peer = k.Model.from_config(json.loads(json.dumps(ours.get_config())))
    peer.set_weights(ours.get_weights())
    kinds = CASES[case]
    ours.compile(minidl.optimizers.SGD(0.05), **kinds)
    peer.compile(k.optimizers.SGD(0.05), **kinds)
    x, price, kind, w, v = data()
    y = {"price": price, "kind": kind} if structure is dict else [price, kind]
    weight = WEIGHTS[weights](w, v)
    if weight is not None and structure is dict:
        weight = {"price": w, "kind": v}
    for step in range(3):
        mine = ours.train_on_batch(x, y, sample_weight=weight, return_dict=True)
        theirs = peer.train_on_batch(x, y, sample_weight=weight, return_dict=True)
        assert sorted(mine) == sorted(theirs)
        for name, value in mine.items():
            assert value == pytest.approx(float(theirs[name]), rel=1e-4, abs=1e-5), (step, name)
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        assert_close(a, b, 1e-4, "weights")
    mine = ours.evaluate(x, y, sample_weight=weight, batch_size=7, verbose=0)
    theirs = peer.evaluate(x, y, sample_weight=weight, batch_size=7, verbose=0)
    np.testing.assert_allclose(mine, np.array(theirs, float), rtol=1e-4, atol=1e-5)


def test_fit_takes_dicts_validates_and_logs_by_name():
    m = model()
    m.compile("adam", CASES["names"]["loss"], metrics={"kind": "accuracy"})
    x, price, kind, w, v = data()
    named = {"x": x[0], "z": x[1]}
    targets = {"price": price, "kind": kind}
    history = m.fit(
        named,
        targets,
        epochs=2,
        batch_size=8,
        sample_weight={"price": w, "kind": v},
        validation_split=0.25,
        verbose=0,
    ).history
    keys = ["kind_accuracy", "kind_loss", "loss", "price_loss"]
    assert list(history) == [*keys, *(f"val_{key}" for key in keys)]
    total = np.array(history["price_loss"]) + np.array(history["kind_loss"])
    np.testing.assert_allclose(history["loss"], total, rtol=1e-5)
    scores = m.evaluate(named, targets, verbose=0, return_dict=True)
    assert list(scores) == keys
    assert [p.shape for p in m.predict(named, verbose=0)] == [(N, 1), (N, 3)]

    def batches():
        yield named, targets
        yield named, targets, {"price": w, "kind": v}

    m.fit(batches(), epochs=1, verbose=0)


def test_targets_only_for_outputs_with_a_loss():
    m = model()
    m.compile("sgd", [None, "sparse_categorical_crossentropy"], metrics=[None, "accuracy"])
    x, _, kind, *_ = data()
    logs = m.train_on_batch(x, [kind], return_dict=True)
    assert list(logs) == ["loss", "kind_accuracy"]
    assert m.train_on_batch(x, {"kind": kind}, return_dict=True).keys() == logs.keys()


def test_subclassed_models_name_losses_by_dict():
    class Two(minidl.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = layers.Dense(1), layers.Dense(2)

        def call(self, x):
            return {"a": self.a(x), "b": self.b(x)}

    m = Two()
    m.compile("sgd", {"a": "mse", "b": "mae"}, metrics={"b": ["mse"]})
    x = np.ones((4, 3), np.float32)
    y = {"a": np.zeros((4, 1)), "b": np.zeros((4, 2))}
    history = m.fit(x, y, verbose=0).history
    assert list(history) == ["a_loss", "b_loss", "b_mse", "loss"]


def test_several_losses_for_one_output():
    x = minidl.Input((3,))
    m = minidl.Model(x, layers.Dense(1, kernel_initializer="ones")(x))
    m.compile("sgd", ["mse", "mae"])
    logs = m.test_on_batch(np.ones((2, 3)), np.ones((2, 1)), return_dict=True)
    assert logs["loss"] == pytest.approx(4 + 2)


BAD = [
    ({"loss": ["mse"]}, None, "2 outputs.*price"),
    ({"loss": {"price": "mse"}}, None, r"Missing: \['kind'\]"),
    ({"loss": {"price": "mse", "kin": "mse"}}, None, "'kin'.*Did you mean 'kind'"),
    ({"loss": "mse", "metrics": ["mae"]}, None, "`metrics`.*2 outputs"),
    ({"loss": "mse", "metrics": {"cost": "mae"}}, None, "`metrics` names an output 'cost'"),
    ({"loss": "mse", "loss_weights": [1.0]}, None, "`loss_weights`.*2 outputs"),
    ({"loss": "mse", "loss_weights": 2.0}, None, "`loss_weights` must be a list"),
    ({"loss": "mse"}, lambda p, k: p, "`y` holds 1 array"),
    ({"loss": "mse"}, lambda p, k: [p, k, k], "`y` holds 3 arrays"),
    ({"loss": "mse"}, lambda p, k: {"price": p, "sort": k}, "`y` names an output 'sort'"),
    (
        {"loss": ["mse", "sparse_categorical_crossentropy"]},
        lambda p, k: [p, k + 5],
        r"class numbers from 5 to 7.*\[0, 3\)",
    ),
]


@pytest.mark.parametrize(("kinds", "change", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_changes_nothing(kinds, change, message):
    m = model()
    before = m.get_weights()
    x, price, kind, *_ = data()
    y = [price, kind] if change is None else change(price, kind)
    m.compile("sgd", **kinds)
    with pytest.raises(ValueError, match=message):
        m.fit(x, y, verbose=0)
    for a, b in zip(before, m.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_compile_config_goes_both_ways():
    m = model()
    m.compile(minidl.optimizers.Adam(0.01), **CASES["names"])
    config = json.loads(json.dumps(minidl.saving.serialize_keras_object(m)))
    again = minidl.saving.deserialize_keras_object(config)
    assert again.compiled
    assert type(again.optimizer).__name__ == "Adam"
    peer = keras().saving.deserialize_keras_object(config)
    assert float(peer.optimizer.learning_rate) == pytest.approx(0.01)
    x, price, kind, *_ = data()
    again.set_weights(m.get_weights())
    peer.set_weights(m.get_weights())
    mine = again.train_on_batch(x, [price, kind], return_dict=True)
    theirs = peer.train_on_batch(x, [price, kind], return_dict=True)
    for name, value in mine.items():
        assert value == pytest.approx(float(theirs[name]), rel=1e-4), name
