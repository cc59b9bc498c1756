"""Random configurations of every layer against Keras's."""

import json

import minidl
import numpy as np
import pytest

from tests.keras_peer import keras, peer_weights
from tests.layers.peers import compare, make_pair
from tests.layers.random_layers import BASIC, NAMES, configuration

CASES = 16


def _generator(name, number):
    return np.random.default_rng([NAMES.index(name), number])


@pytest.mark.parametrize("number", range(CASES))
@pytest.mark.parametrize("name", NAMES)
def test_layer_equals_keras_layer(name, number):
    """Outputs, gradients, weights, config and foretold shape."""
    config, shape = configuration(name, _generator(name, number))
    ours, peer = make_pair(name, config, shape)
    compare(ours, peer, shape, training=False)
    _check_configs(name, config, shape)
    for mine, theirs in zip(ours.get_weights(), peer_weights(peer), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    peer.set_weights([w + 1 for w in ours.get_weights()])
    ours.set_weights(peer_weights(peer))
    compare(ours, peer, shape, training=False)


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("name", BASIC)
def test_basic_layer_equals_keras_layer(name, number):
    """Outputs, gradients, weights, config and foretold shape."""
    config, shape = configuration(name, np.random.default_rng([BASIC.index(name), number, 1]))
    ours, peer = make_pair(name, config, shape)
    compare(ours, peer, shape, training=False)
    for mine, theirs in zip(ours.get_weights(), peer_weights(peer), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    mine, theirs = ours.get_config(), peer.get_config()
    assert mine == {key: theirs[key] for key in mine}
    assert type(ours).from_config(theirs).get_config() == mine
    for known in (shape, (None, *shape[1:])):
        assert tuple(ours.compute_output_shape(known)) == tuple(peer.compute_output_shape(known))


def _check_configs(name, config, shape):
    theirs = getattr(keras().layers, name)(name="same", **config)
    ours = getattr(minidl.layers, name)(name="same", **config)
    assert ours.get_config() == {k: v for k, v in theirs.get_config().items() if k != "lora_rank"}
    json.dumps(ours.get_config())
    assert type(ours).from_config(theirs.get_config()).get_config() == ours.get_config()
    assert type(theirs).from_config(ours.get_config()).get_config() == theirs.get_config()
    for known in (shape, (None, *shape[1:])):
        assert tuple(ours.compute_output_shape(known)) == tuple(theirs.compute_output_shape(known))
    if "Conv" not in name:
        return
    unknown = (None, *(None,) * (len(shape) - 2), shape[-1])
    assert tuple(ours.compute_output_shape(unknown)) == tuple(theirs.compute_output_shape(unknown))


def test_atrous_equals_dilated():
    """Keras 3 has no AtrousConv2D: it is Keras's Conv2D with a dilation."""
    rng = np.random.default_rng(0)
    for _ in range(12):
        size, rate = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        padding = ("valid", "same")[rng.integers(2)]
        shape = (2, *map(int, rng.integers(10, 14, 2)), int(rng.integers(1, 5)))
        _, peer = make_pair(
            "Conv2D",
            {"filters": 3, "kernel_size": size, "dilation_rate": rate, "padding": padding},
            shape,
        )
        ours = minidl.layers.AtrousConv2D(3, size, rate, padding=padding)
        ours.build(shape)
        ours.set_weights(peer_weights(peer))
        compare(ours, peer, shape, training=False)
        assert ours.compute_output_shape(shape) == tuple(peer.compute_output_shape(shape))
        again = minidl.layers.AtrousConv2D.from_config(ours.get_config())
        assert again.get_config() == ours.get_config()
        assert again.rate == (rate, rate)
