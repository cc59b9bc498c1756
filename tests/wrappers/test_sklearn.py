"""The scikit-learn wrappers: scikit-learn's own checks, and their use in its tools."""

import pickle

import minidl
import numpy as np
import pytest
from minidl import layers

from tests.keras_peer import keras, peer_weights
from tests.processes import run_python

sklearn = pytest.importorskip("sklearn", reason="needs scikit-learn: pip install scikit-learn")

from minidl.wrappers import (  # noqa: E402
    MinidlClassifier,
    MinidlRegressor,
    SKLearnClassifier,
    SKLearnRegressor,
    SKLearnTransformer,
)
from sklearn.base import clone  # noqa: E402
from sklearn.datasets import load_iris, make_moons  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

OWN = [MinidlClassifier(), MinidlRegressor(), MinidlRegressor(hidden_units=(16, 8), epochs=300)]


# some checks ask for a warning of scikit-learn's own
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(OWN)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def mlp(X, y, loss, last, units=8, dtype="float32"):
    model = minidl.Sequential(
        [
            minidl.Input((X.shape[1],), dtype=dtype),
            layers.Dense(units, "relu", dtype=dtype),
            layers.Dense(y.shape[1], last, dtype=dtype),
        ]
    )
    model.compile(minidl.optimizers.Adam(0.01), loss)
    return model


def classifier(**kwargs):
    return SKLearnClassifier(
        mlp,
        model_kwargs={"loss": "categorical_crossentropy", "last": "softmax", **kwargs},
        fit_kwargs={"epochs": 60, "verbose": 0},
    )


def test_pipeline_search_and_cross_validation():
    x, y = load_iris(return_X_y=True)
    pipe = make_pipeline(StandardScaler(), MinidlClassifier(epochs=60, random_state=0))
    scores = cross_val_score(pipe, x, y, cv=3)
    assert scores.mean() > 0.9
    grid = {"minidlclassifier__learning_rate": [1e-6, 0.005]}
    search = GridSearchCV(pipe, grid, cv=3).fit(x, y)
    assert search.best_params_ == {"minidlclassifier__learning_rate": 0.005}
    assert search.best_score_ > 0.85
    assert search.predict_proba(x[:5]).shape == (5, 3)


def test_results_repeat_and_leave_the_global_generator_alone():
    x, y = make_moons(120, noise=0.1, random_state=0)
    minidl.set_random_seed(1)
    before = minidl.random._global.state
    first = MinidlClassifier(epochs=5, random_state=3).fit(x, y).predict_proba(x)
    assert minidl.random._global.state == before
    second = MinidlClassifier(epochs=5, random_state=3).fit(x, y).predict_proba(x)
    other = MinidlClassifier(epochs=5, random_state=4).fit(x, y).predict_proba(x)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_trains_in_the_dtype_of_the_inputs(kind):
    x, y = make_moons(60, random_state=0)
    fitted = MinidlClassifier(epochs=2, random_state=0).fit(x.astype(kind), y)
    assert {w.dtype.name for w in fitted.model_.get_weights()} == {kind}
    assert fitted.predict_proba(x.astype(kind)).dtype == kind


def test_labels_of_any_kind_and_log_odds():
    x, y = make_moons(100, noise=0.1, random_state=0)
    names = np.array(["left", "right"])[y]
    fitted = MinidlClassifier(epochs=100, random_state=0).fit(x, names)
    assert fitted.score(x, names) > 0.95
    odds, p = fitted.decision_function(x), fitted.predict_proba(x)
    np.testing.assert_array_equal(odds > 0, fitted.predict(x) == "right")
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), p[:, 1], atol=1e-6)


def test_weights_count_as_samples_do():
    x, y = make_moons(60, noise=0.3, random_state=0)
    counts = np.random.default_rng(0).integers(0, 4, 60)
    weighted = MinidlClassifier(epochs=20, random_state=0).fit(x, y, sample_weight=counts)
    repeated = MinidlClassifier(epochs=20, random_state=0).fit(
        np.repeat(x, counts, 0), np.repeat(y, counts)
    )
    np.testing.assert_allclose(
        weighted.predict_proba(x), repeated.predict_proba(x), rtol=1e-5, atol=1e-6
    )


def test_a_network_of_ones_own():
    x, y = make_moons(100, noise=0.1, random_state=0)
    fitted = classifier().fit(x, y, epochs=100)
    assert fitted.score(x, y) > 0.8
    assert fitted.model_.layers[0].units == 8
    assert len(fitted.history_["loss"]) == 100
    assert fitted.decision_function(x).shape == (100, 2)
    own = MinidlClassifier(mlp, epochs=100, random_state=0, model_kwargs=fitted.model_kwargs)
    assert own.fit(x, y).score(x, y) > 0.8


def test_a_compiled_model_is_cloned():
    x = np.linspace(-1, 1, 40)[:, None]
    model = minidl.Sequential([minidl.Input((1,)), layers.Dense(1)])
    model.compile(minidl.optimizers.SGD(0.1), "mse")
    before = model.get_weights()
    wrapper = SKLearnRegressor(model, fit_kwargs={"epochs": 50, "verbose": 0})
    fitted = clone(wrapper).fit(x, 3 * x[:, 0] + 1)
    assert fitted.score(x, 3 * x[:, 0] + 1) > 0.99
    assert fitted.predict(x).shape == (40,)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_transformer():
    x = np.random.default_rng(0).normal(size=(50, 6))
    made = SKLearnTransformer(
        mlp, model_kwargs={"loss": "mse", "last": None}, fit_kwargs={"epochs": 2, "verbose": 0}
    )
    assert made.fit_transform(x, x).shape == (50, 6)
    assert make_pipeline(made, MinidlClassifier(epochs=2)).fit(x, [0, 1] * 25).predict(x).shape == (
        50,
    )


def test_going_on():
    x, y = make_moons(80, noise=0.1, random_state=0)
    go_on = MinidlClassifier(epochs=15, random_state=0, warm_start=True)
    first = go_on.fit(x, y).history_["loss"]
    second = go_on.fit(x, y).history_["loss"]
    assert second[0] < first[-1] * 1.05
    with pytest.raises(ValueError, match="classes must stay"):
        go_on.fit(x, y + 1)


def test_pickled_models_predict_and_train_on():
    x, y = make_moons(80, noise=0.1, random_state=0)
    fitted = MinidlClassifier(epochs=5, random_state=0, warm_start=True).fit(x, y)
    twin = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(twin.predict_proba(x), fitted.predict_proba(x))
    np.testing.assert_array_equal(
        twin.fit(x, y).predict_proba(x), fitted.fit(x, y).predict_proba(x)
    )


def test_several_targets_of_any_scale():
    x = np.linspace(-1, 1, 80)[:, None]
    y = np.hstack([1e4 * x**2, 1e-3 * x])
    fitted = MinidlRegressor(random_state=0).fit(x, y)
    assert fitted.predict(x).shape == (80, 2)
    assert fitted.score(x, y) > 0.95


@pytest.mark.parametrize(
    ("wrapper", "error", "text"),
    [
        (SKLearnClassifier(None), TypeError, "compiled Model or a callable"),
        (SKLearnClassifier(lambda X, y: 3), TypeError, "must make a Model"),
        (SKLearnRegressor(lambda X, y: minidl.Sequential()), RuntimeError, "must be compiled"),
    ],
)
def test_bad_models(wrapper, error, text):
    with pytest.raises(error, match=text):
        wrapper.fit(np.ones((4, 2)), [0, 1, 0, 1])


# Keras itself runs into this with NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_same_as_keras_wrappers():
    """The same function under both, from the same weights."""
    peers = keras()
    x, y = make_moons(64, noise=0.1, random_state=0)
    x = x.astype("float32")
    start = peers.Sequential([peers.Input((2,)), peers.layers.Dense(4, "relu")])
    start.add(peers.layers.Dense(2, "softmax"))

    def build(module):
        def make(X, y):
            model = module.Sequential([module.Input((2,)), module.layers.Dense(4, "relu")])
            model.add(module.layers.Dense(y.shape[1], "softmax"))
            model.set_weights(peer_weights(start))
            model.compile(module.optimizers.Adam(0.01), "categorical_crossentropy")
            return model

        return make

    how = {"epochs": 5, "batch_size": 16, "shuffle": False, "verbose": 0}
    ours = SKLearnClassifier(build(minidl), fit_kwargs=how).fit(x, y)
    theirs = peers.wrappers.SKLearnClassifier(build(peers), fit_kwargs=how).fit(x, y)
    np.testing.assert_allclose(
        ours.decision_function(x), theirs.decision_function(x), rtol=1e-4, atol=1e-5
    )


def test_without_scikit_learn():
    done = run_python("""
        import sys
        sys.modules["sklearn"] = None
        import minidl
        minidl.wrappers
    """)
    assert done.returncode == 1
    assert 'pip install "minidl[sklearn]"' in done.stderr
