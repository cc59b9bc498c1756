"""Files of Keras open here, files of minidl open in Keras: predictions and further training."""

import contextlib
import logging

import minidl
import numpy as np
import pytest

from tests.keras_peer import keras

from .zoo import MODELS

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
pytest.importorskip("h5py", reason="HDF5 files need h5py: pip install h5py")

NO_TRAINING = ("augmentation",)  # random numbers differ


def _data(shapes):
    rng = np.random.default_rng(0)
    x = [
        rng.integers(0, int(s[4:]), (6, 6)).astype("int32")
        if isinstance(s, str)
        else rng.standard_normal((6, *s)).astype("float32")
        for s in shapes
    ]
    return x if len(x) > 1 else x[0]


def _targets(model, x):
    outs = model.predict(x, verbose=0)
    outs = outs if isinstance(outs, list) else [outs]
    rng = np.random.default_rng(1)
    y = [rng.standard_normal(o.shape).astype("float32") for o in outs]
    return y if len(y) > 1 else y[0]


def _fit(model, x, y, epochs):
    history = model.fit(x, y, epochs=epochs, batch_size=3, shuffle=False, verbose=0).history
    return history["loss"]


def _trained(package, name, optimizer="adam"):
    model, shapes = MODELS[name](package)
    x = _data(shapes)
    if name == "named_inputs":
        x = {"first": x[0], "second": x[1]}
    y = _targets(model, x)
    if name not in NO_TRAINING:
        model.compile(optimizer, "mse")
        _fit(model, x, y, 1)
    return model, x, y


@contextlib.contextmanager
def _quiet():
    """Keras says that the format is an old one."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _equal(a, b, x, tolerance=2e-5):
    a, b = (m.predict(x, verbose=0) for m in (a, b))
    pairs = zip(a, b, strict=True) if isinstance(a, list) else [(a, b)]
    for p, q in pairs:
        assert np.abs(p - q).max() <= tolerance * (1 + np.abs(p).max())


def _goes_on(name, first, second, x, y):
    if name in NO_TRAINING:
        return
    np.testing.assert_allclose(_fit(first, x, y, 2), _fit(second, x, y, 2), rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_written_here_opens_in_keras(name, tmp_path):
    k = keras()
    model, x, y = _trained(minidl, name)
    path = str(tmp_path / "model.keras")
    model.save(path)
    theirs = k.saving.load_model(path)
    _equal(model, theirs, x)
    _goes_on(name, model, theirs, x, y)


@pytest.mark.parametrize("name", MODELS)
def test_written_by_keras_opens_here(name, tmp_path):
    k = keras()
    model, x, y = _trained(k, name)
    path = str(tmp_path / "model.keras")
    model.save(path)
    ours = minidl.saving.load_model(path)
    _equal(model, ours, x)
    _goes_on(name, model, ours, x, y)


@pytest.mark.parametrize("name", MODELS)
def test_weights_both_ways(name, tmp_path):
    k = keras()
    theirs, x, _ = _trained(k, name)
    ours, _ = MODELS[name](minidl)
    path = str(tmp_path / "a.weights.h5")
    theirs.save_weights(path)
    ours.load_weights(path)
    _equal(theirs, ours, x)
    back, _ = MODELS[name](k)
    path = str(tmp_path / "b.weights.h5")
    ours.save_weights(path)
    back.load_weights(path)
    _equal(back, ours, x)


@pytest.mark.parametrize("name", ["convolutions", "normalizations", "bidirectional", "merging"])
def test_old_files_of_keras(name, tmp_path):
    theirs, x, _ = _trained(keras(), name)
    ours, _ = MODELS[name](minidl)
    path = str(tmp_path / "model.h5")
    with _quiet():
        theirs.save(path)
    ours.load_weights(path)
    _equal(theirs, ours, x)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "nadam", "adamw", "lion", "adadelta"])
def test_optimizers_go_on(optimizer, tmp_path):
    k = keras()
    theirs, x, y = _trained(k, "dense", optimizer)
    path = str(tmp_path / "model.keras")
    theirs.save(path)
    ours = minidl.saving.load_model(path)
    ours.save(path)
    again = k.saving.load_model(path)
    losses = [_fit(m, x, y, 3) for m in (theirs, ours, again)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-4)
