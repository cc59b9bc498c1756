"""Gradients of every layer, for input and weights, against central differences."""

from pathlib import Path

import numpy as np
import pytest
from minidl import layers
from minidl.testing import check_gradients

from tests.layers.random_layers import NAMES, configuration
from tests.layers.test_layers import NAMES as ALL

OTHERS = {  # layers that the random configurations do not make: arguments, shape of the input
    "Activation": [({"activation": name}, (3, 4)) for name in ("relu", "tanh", "softmax", "gelu")],
    "AtrousConv2D": [
        ({"filters": 3, "kernel_size": 3, "rate": 2}, (2, 6, 7, 2)),
        ({"filters": 2, "kernel_size": 2, "rate": (1, 3), "padding": "same"}, (1, 5, 5, 3)),
    ],
    "BatchNormalization": [
        ({}, (5, 3)),
        ({"scale": False}, (2, 3, 2, 3)),
        ({"axis": 1}, (4, 3, 2)),
    ],
    "Dense": [
        ({"units": 3}, (4, 5)),
        ({"units": 2, "activation": "tanh"}, (2, 3, 4)),
        ({"units": 4, "use_bias": False, "activation": "softmax"}, (3, 2)),
    ],
    "Dropout": [({"rate": 0.4}, (3, 4))],
    "ELU": [({}, (3, 4)), ({"alpha": 0.3}, (2, 3, 2))],
    "Flatten": [({}, (2, 3, 4))],
    "LeakyReLU": [({}, (3, 4)), ({"negative_slope": 0.1}, (2, 3, 2))],
    "ReLU": [({}, (3, 4)), ({"negative_slope": 0.1, "max_value": 1.0, "threshold": 0.2}, (4, 5))],
    "Reshape": [({"target_shape": (4, 3)}, (2, 12))],
    "Softmax": [({}, (3, 4)), ({"axis": 1}, (2, 3, 4))],
}
COVERED = {*NAMES, *OTHERS}


def _check(name, config, shape, training=False, seed=0):
    layer = getattr(layers, name)(dtype="float64", **config)
    layer.build(shape)
    rng = np.random.default_rng(seed)
    # Distinct values, none near a kink of relu or a tie of two maxima.
    x = (rng.permutation(np.prod(shape)) - np.prod(shape) // 2 + 0.25) / 32
    for weight in layer.weights:
        low, high = (0.5, 2.0) if "variance" in weight.name else (-1.0, 1.0)
        weight.assign(rng.uniform(low, high, weight.shape))
    check_gradients(
        lambda x: layer(x, training=training),
        [x.reshape(shape)],
        variables=layer.trainable_weights,
        max_jacobian=20,
        projections=2,
    )


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("name", NAMES)
def test_random_configurations(name, number):
    _check(name, *configuration(name, np.random.default_rng([7, NAMES.index(name), number])))


@pytest.mark.parametrize("name", OTHERS)
def test_other_layers(name):
    for config, shape in OTHERS[name]:
        _check(name, config, shape)


def test_batch_normalization_in_training():
    """Its moving averages change with each call, but not its output."""
    _check("BatchNormalization", {}, (6, 3), training=True)
    _check("BatchNormalization", {"axis": 1}, (4, 3, 2), training=True)


def test_every_layer_is_checked():
    """Here, or in a neighbouring file that checks gradients."""
    files = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    elsewhere = "".join(text for text in files if "check_gradients" in text)
    assert [name for name in ALL if name not in COVERED and name not in elsewhere] == []
