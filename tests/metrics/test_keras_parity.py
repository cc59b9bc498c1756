"""Every metric against Keras's own numbers, over several updates, with weights and masks."""

import warnings

import minidl
import numpy as np
import pytest
from minidl import metrics

from tests.checks import assert_close
from tests.keras_peer import keras, pytorch, value
from tests.metrics.cases import CASES, IDS, inputs

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning",
    "ignore:You are passing weight as `float`:UserWarning",
)


def _pair(name, config):
    return getattr(metrics, name)(**config), getattr(keras().metrics, name)(**config)


def _weights(name, rng, n=6):
    if "IoU" in name:
        return rng.integers(0, 4, n)
    return rng.uniform(0, 2, n).astype(np.float32)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_several_updates(name, config, kind, weighted):
    rng = np.random.default_rng(0)
    ours, peer = _pair(name, config)
    for _ in range(2):
        for _ in range(3):
            y, p = inputs(kind, rng)
            w = _weights(name, rng, p.size if name == "BinaryIoU" else 6) if weighted else None
            ours.update_state(y, p, w)
            peer.update_state(y, p, w)
        got, wanted = ours.result().numpy(), value(peer.result())
        assert got.shape == wanted.shape
        assert_close(got, wanted, 2e-5, name)
        ours.reset_state()
        peer.reset_state()
    assert ours._direction == getattr(peer, "_direction", None)


STEPS = ("CosineSimilarity", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy",
         "MeanSquaredError", "MeanAbsoluteError", "BinaryCrossentropy", "KLDivergence",
         "RootMeanSquaredError", "TopKCategoricalAccuracy", "Hinge")  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_steps_and_masks(name):
    """Values of shape (batch, steps): weights a sample, weights a step, masks."""
    torch = pytorch()

    kind, config = next((k, c) for n, c, k in CASES if n == name)
    rng = np.random.default_rng(1)
    y, p = inputs(kind, rng, (6, 4))
    # Keras's RootMeanSquaredError wants weights for its own values, and knows no mask
    per_value = name == "RootMeanSquaredError"
    shapes = [(6, 4, 5)] if per_value else [(6,), (6, 4), (6, 4, 1)]
    for shape in shapes:
        w = rng.uniform(0, 2, shape).astype(np.float32)
        ours, peer = _pair(name, config)
        ours.update_state(y, p, w)
        peer.update_state(y, p, w)
        assert_close(ours.result().numpy(), value(peer.result()), 2e-5, f"{name} {shape}")
    if per_value:
        return
    mask = rng.integers(0, 2, (6, 4)).astype(bool)
    for w in (None, rng.uniform(0, 2, (6, 4)).astype(np.float32)):
        mine, theirs = minidl.ops.convert_to_tensor(p), torch.tensor(p)
        mine._keras_mask = minidl.ops.convert_to_tensor(mask)
        theirs._keras_mask = torch.tensor(mask)
        ours, peer = _pair(name, config)
        ours.update_state(y, mine, w)
        peer.update_state(y, theirs, w)
        assert_close(ours.result().numpy(), value(peer.result()), 2e-5, f"{name} masked")


def test_confusion_over_more_axes():
    rng = np.random.default_rng(2)
    y, p = inputs("labels", rng, (6, 3))
    for name, config in (("Precision", {}), ("Recall", {"class_id": 2}), ("AUC", {}),
                         ("TruePositives", {"thresholds": [0.2, 0.7]})):  # fmt: skip
        for w in (None, rng.uniform(0, 2, (6, 3)).astype(np.float32)):
            ours, peer = _pair(name, config)
            ours.update_state(y, p, w)
            peer.update_state(y, p, w)
            assert_close(ours.result().numpy(), value(peer.result()), 2e-5, name)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_configs(name, config, kind):
    ours, peer = _pair(name, {**config, "name": "mine"})
    mine, theirs = ours.get_config(), peer.get_config()
    for key in ("label_weights", "thresholds"):
        if theirs.get(key) is not None:
            assert np.allclose(mine[key], np.asarray(theirs[key]))
            theirs[key] = mine[key]
    extra = {"axis"} if name == "CosineSimilarity" else set()
    assert {k: v for k, v in mine.items() if k not in extra} == theirs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert type(peer).from_config(dict(mine)).name == "mine"
    serialized = metrics.serialize(ours)
    wanted = keras().metrics.serialize(peer)
    assert (serialized["module"], serialized["class_name"]) == (
        wanted["module"],
        wanted["class_name"],
    )
    assert metrics.deserialize(serialized).get_config() == mine


def test_means_and_sums():
    rng = np.random.default_rng(3)
    for name in ("Mean", "Sum"):
        ours, peer = _pair(name, {})
        for shape in ((4,), (4, 3), ()):
            x = rng.standard_normal(shape).astype(np.float32)
            for w in (None, rng.uniform(0, 1, shape[:1]).astype(np.float32)):
                ours.update_state(x, w)
                peer.update_state(x, w)
                assert float(ours.result()) == pytest.approx(float(value(peer.result())), rel=1e-5)


def test_names():
    module = keras()
    public = [n for n in dir(module.metrics) if not n.startswith("_")]
    assert [n for n in public if not hasattr(metrics, n)] == []
    for short in ("bce", "mse", "mae", "mape", "msle"):
        for alias in (short, short.upper()):
            assert metrics.get(alias).name == module.metrics.get(alias).name
