"""Every layer against Keras's: configs, shapes, outputs and gradients under the same weights."""

import json

import minidl
import pytest

from tests.checks import assert_close
from tests.keras_peer import keras, peer_weights
from tests.layers.peers import compare, make_pair

IMAGE = (2, 9, 8, 4)
CASES = [
    ("Dense", {"units": 5}, (3, 4)),
    ("Dense", {"units": 5, "activation": "relu"}, (3, 4)),
    ("Dense", {"units": 5, "activation": "tanh", "use_bias": False}, (3, 4)),
    ("Dense", {"units": 1, "activation": "sigmoid"}, (2, 3, 4)),
    ("Dense", {"units": 6, "activation": "softmax"}, (3, 4)),
    ("Dense", {"units": 6, "activation": "elu"}, (3, 2, 2, 4)),
    ("Conv2D", {"filters": 6, "kernel_size": 3}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "padding": "same", "activation": "relu"}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": (1, 2), "strides": 2}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "strides": (2, 3), "padding": "same"}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": 2, "dilation_rate": 2, "use_bias": False}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2, "activation": "sigmoid"}, IMAGE),
    ("Conv2D", {"filters": 3, "kernel_size": 1}, (2, 5, 5, 1)),
    ("MaxPooling2D", {}, IMAGE),
    ("MaxPooling2D", {"pool_size": 3, "strides": 1, "padding": "same"}, IMAGE),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": (1, 2)}, IMAGE),
    ("MaxPooling2D", {"pool_size": 2, "padding": "same"}, IMAGE),
    ("AveragePooling2D", {"pool_size": 2}, IMAGE),
    ("AveragePooling2D", {"pool_size": 2, "padding": "same"}, IMAGE),
    ("AveragePooling2D", {"pool_size": (3, 2), "strides": 1}, IMAGE),
    ("GlobalAveragePooling2D", {}, IMAGE),
    ("GlobalAveragePooling2D", {"keepdims": True}, IMAGE),
    ("GlobalMaxPooling2D", {}, IMAGE),
    ("GlobalMaxPooling2D", {"keepdims": True}, IMAGE),
    ("Flatten", {}, IMAGE),
    ("Flatten", {}, (3, 4)),
    ("Reshape", {"target_shape": (4, -1)}, (2, 3, 8)),
    ("Reshape", {"target_shape": (24,)}, (2, 3, 8)),
    ("Dropout", {"rate": 0.4}, (3, 4)),
    ("Activation", {"activation": "relu"}, (3, 4)),
    ("Activation", {"activation": "sigmoid"}, (3, 4)),
    ("Activation", {"activation": "softmax"}, (3, 4)),
    ("Activation", {"activation": "linear"}, (3, 4)),
    ("ReLU", {}, (3, 4)),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, (5, 6)),
    ("LeakyReLU", {}, (3, 4)),
    ("LeakyReLU", {"negative_slope": 0.05}, (3, 4)),
    ("ELU", {}, (3, 4)),
    ("ELU", {"alpha": 0.5}, (3, 4)),
    ("Softmax", {}, (3, 4)),
    ("Softmax", {"axis": 1}, (3, 4, 5)),
    ("BatchNormalization", {}, (6, 4)),
    ("BatchNormalization", {"momentum": 0.8, "epsilon": 1e-2}, IMAGE),
    ("BatchNormalization", {"scale": False}, IMAGE),
    ("BatchNormalization", {"center": False}, IMAGE),
    ("BatchNormalization", {"axis": 1}, (4, 3, 5)),
    ("LayerNormalization", {}, (3, 4)),
    ("LayerNormalization", {"axis": [1, 2]}, (3, 4, 5)),
    ("GroupNormalization", {"groups": 2}, IMAGE),
    ("GroupNormalization", {"groups": -1, "axis": 1}, (2, 4, 3)),
    ("RMSNormalization", {}, (3, 4)),
    ("UnitNormalization", {}, (3, 4)),
]
IDS = [f"{name}-{i}" for i, (name, _, _) in enumerate(CASES)]
TRAINED = [c for c in CASES if c[0] == "BatchNormalization"]


@pytest.mark.parametrize(("name", "config", "shape"), CASES, ids=IDS)
def test_outputs_and_gradients(name, config, shape):
    ours, peer = make_pair(name, config, shape)
    compare(ours, peer, shape, training=False)


@pytest.mark.parametrize(("name", "config", "shape"), TRAINED)
def test_in_training(name, config, shape):
    ours, peer = make_pair(name, config, shape)
    compare(ours, peer, shape, training=True)
    for mine, theirs in zip(ours.get_weights(), peer_weights(peer), strict=True):
        assert_close(mine, theirs, 1e-5, "moving averages")


@pytest.mark.parametrize(("name", "config", "shape"), CASES, ids=IDS)
def test_configs(name, config, shape):
    module = keras()
    peer = getattr(module.layers, name)(name="same", **config)
    ours = getattr(minidl.layers, name)(name="same", **config)
    mine, theirs = ours.get_config(), peer.get_config()
    assert {k: theirs[k] for k in mine if k in theirs} == {k: mine[k] for k in mine if k in theirs}
    assert not set(mine) - set(theirs)
    json.dumps(mine)
    again = type(ours).from_config(theirs)
    assert again.get_config() == mine
    assert getattr(module.layers, name).from_config(mine).get_config() == theirs
    assert tuple(ours.compute_output_shape((None, *shape[1:]))) == tuple(
        peer.compute_output_shape((None, *shape[1:]))
    )


@pytest.mark.parametrize("name", ["Dense", "Conv2D", "MaxPooling2D", "ReLU", "BatchNormalization"])
def test_automatic_names(name):
    module = keras()
    module.utils.clear_session()
    minidl.utils.clear_session()
    config = {"Dense": {"units": 2}, "Conv2D": {"filters": 2, "kernel_size": 2}}.get(name, {})
    for _ in range(3):
        peer, ours = (getattr(m.layers, name)(**config) for m in (module, minidl))
        assert ours.name == peer.name
