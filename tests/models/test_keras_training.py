"""Whole training runs and optimizers against Keras's, from the same weights on the same data."""

import minidl
import numpy as np
import pytest

from tests.checks import assert_close
from tests.keras_peer import keras, peer_weights

# Keras itself runs into this with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CNN = [
    ("Conv2D", {"filters": 8, "kernel_size": 3, "activation": "relu"}),
    ("MaxPooling2D", {}),
    ("Conv2D", {"filters": 16, "kernel_size": 3, "activation": "relu"}),
    ("MaxPooling2D", {}),
    ("Flatten", {}),
    ("Dense", {"units": 10, "activation": "softmax"}),
]


def _cnn(module):
    layers = [getattr(module.layers, name)(**config) for name, config in CNN]
    return module.Sequential([module.layers.Input((16, 16, 1)), *layers])


def _data(n=160, size=16):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, n)
    x = rng.standard_normal((n, size, size, 1), np.float32) * 0.3
    for i, label in enumerate(y):
        x[i, label : label + 4, label : label + 4] += 1
    return x, y


def test_a_cnn_trains_as_in_keras():
    keras().utils.set_random_seed(0)
    ours, peer = _cnn(minidl), _cnn(keras())
    ours.set_weights(peer_weights(peer))
    x, y = _data()
    kinds = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    ours.compile(minidl.optimizers.Adam(0.005), **kinds)
    peer.compile(keras().optimizers.Adam(0.005), **kinds)
    for step in range(20):
        rows = slice(step * 32 % 160, step * 32 % 160 + 32)
        ours.reset_metrics()
        peer.reset_metrics()
        mine = ours.train_on_batch(x[rows], y[rows], return_dict=True)
        theirs = peer.train_on_batch(x[rows], y[rows], return_dict=True)
        assert mine["loss"] == pytest.approx(float(theirs["loss"]), rel=2e-3), f"step {step}"
        assert mine["accuracy"] == pytest.approx(float(theirs["accuracy"]), abs=0.04)
    assert mine["loss"] < 1.6
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        assert_close(a, b, 5e-3, "weights after 20 steps")


def test_fit_evaluate_predict_as_in_keras():
    ours, peer = _cnn(minidl), _cnn(keras())
    ours.set_weights(peer_weights(peer))
    x, y = _data()
    kinds = {
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_categorical_crossentropy"],
        "weighted_metrics": ["acc"],
    }
    options = {
        "epochs": 2,
        "batch_size": 24,
        "verbose": 0,
        "shuffle": False,
        "validation_split": 0.25,
        "sample_weight": np.linspace(0.5, 2.0, len(x), dtype=np.float32),
    }
    results = []
    for module, model in ((minidl, ours), (keras(), peer)):
        model.compile(module.optimizers.SGD(0.05, momentum=0.9), **kinds)
        history = model.fit(x, y, **options).history
        evaluation = model.evaluate(x, y, verbose=0, return_dict=True)
        results.append((history, evaluation, model.predict(x, verbose=0)))
    (history, evaluation, predicted), (wanted, wanted_evaluation, wanted_predicted) = results
    assert set(history) == set(wanted)
    for name, values in wanted.items():
        assert history[name] == pytest.approx(values, rel=5e-3, abs=0.02), name
    assert set(evaluation) == set(wanted_evaluation)
    for name, number in wanted_evaluation.items():
        assert evaluation[name] == pytest.approx(number, rel=5e-3, abs=0.02), name
    assert_close(predicted, wanted_predicted, 5e-3, "predictions")


@pytest.mark.parametrize("kind", ["sparse", "one-hot", "binary-one"])
def test_accuracy_by_name_fits_the_targets(kind):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 3)).astype(np.float32)
    labels = rng.integers(0, 2 if kind == "binary-one" else 4, 20)
    y = np.eye(4, dtype=np.float32)[labels] if kind == "one-hot" else labels
    units = 1 if kind == "binary-one" else 4
    numbers = []
    weights = None
    for module in (minidl, keras()):
        activation = "sigmoid" if units == 1 else "softmax"
        layers = [module.layers.Input((3,)), module.layers.Dense(units, activation=activation)]
        model = module.Sequential(layers)
        if weights is None:
            weights = model.get_weights()
        model.set_weights(weights)
        model.compile("sgd", loss="crossentropy", metrics=["accuracy", "acc"])
        numbers.append(model.evaluate(x, y, verbose=0))
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-5)


def test_sequential_config_is_kerass():
    module = keras()
    minidl.utils.clear_session()
    module.utils.clear_session()
    ours, peer = _cnn(minidl), _cnn(module)
    mine, theirs = ours.get_config(), peer.get_config()
    theirs["layers"][-1]["config"].pop("quantization_config", None)
    mine["layers"][0]["config"].pop("name")
    theirs["layers"][0]["config"].pop("name")
    assert mine == theirs
    again = minidl.Sequential.from_config(peer.get_config())
    assert again.count_params() == peer.count_params()
    assert module.Sequential.from_config(ours.get_config()).count_params() == peer.count_params()
    assert [w.path for w in ours.weights] == [w.path for w in peer.weights]
