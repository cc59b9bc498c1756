"""Normalisation layers: Keras's over random configurations, gradients in float64, edge cases."""

import minidl
import numpy as np
import pytest
from minidl import layers, ops
from minidl.testing import check_gradients

from tests.layers.peers import compare, make_pair

SEEDS = range(30)


def _shape(rng):
    rank = int(rng.integers(2, 5))
    return (*map(int, rng.integers(1, 7, rank - 1)), int(rng.integers(2, 40)))


def _pick(rng, *values):
    return values[rng.integers(len(values))]


def _trailing_or_any(rng, rank):
    """One axis but the batch, or several in ascending order, from either end."""
    if rng.integers(2):
        return int(_pick(rng, -1, *range(1, rank)))
    chosen = sorted(rng.choice(np.arange(1, rank), int(rng.integers(1, rank)), replace=False))
    back = rng.integers(2)
    return [int(a) - rank if back else int(a) for a in chosen]


def _random(name, rng):
    """A configuration and an input shape."""
    shape = _shape(rng)
    epsilon = float(_pick(rng, 1e-3, 1e-5, 0.1))
    if name == "UnitNormalization":
        return {"axis": _trailing_or_any(rng, len(shape))}, shape
    if name == "RMSNormalization":
        return {"axis": _trailing_or_any(rng, len(shape)), "epsilon": epsilon}, shape
    flags = {"center": bool(rng.integers(2)), "scale": bool(rng.integers(2)), "epsilon": epsilon}
    if name == "LayerNormalization":
        return {"axis": _trailing_or_any(rng, len(shape)), **flags}, shape
    axis = int(_pick(rng, -1, -1, *range(1, len(shape))))
    if name == "BatchNormalization":
        return {"axis": axis, "momentum": float(_pick(rng, 0.99, 0.5)), **flags}, shape
    divisors = [g for g in range(1, shape[axis] + 1) if shape[axis] % g == 0]
    return {"groups": int(_pick(rng, -1, *divisors)), "axis": axis, **flags}, shape


NAMES = (
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
)


def _well_posed(name, config, shape):
    """Variances of one or two values make gradients that float32 cannot tell from rounding."""
    if name in ("RMSNormalization", "UnitNormalization"):
        return True
    axis = config["axis"]
    if name == "LayerNormalization":
        axes = axis if isinstance(axis, list) else [axis]
        return np.prod([shape[a] for a in axes]) > 3
    if name == "BatchNormalization":
        return np.prod(shape) // shape[axis] > 3
    groups = shape[axis] if config["groups"] == -1 else config["groups"]
    return np.prod(shape[1:]) // groups > 3


def _keras_can(name, config, shape):
    """Keras on PyTorch takes axes in one run for the last ones, and fails where they are not."""
    if name not in ("LayerNormalization", "RMSNormalization"):
        return True
    axis = config["axis"] if isinstance(config["axis"], list) else [config["axis"]]
    axes = [a % len(shape) for a in axis]
    if axes == list(range(len(shape) - len(axes), len(shape))):
        return True
    in_one_run = axes == list(range(axes[0], axes[0] + len(axes)))
    return name == "LayerNormalization" and not in_one_run


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_random_configurations_equal_keras(name, seed):
    rng = np.random.default_rng([NAMES.index(name), seed])
    config, shape = _random(name, rng)
    while not (_well_posed(name, config, shape) and _keras_can(name, config, shape)):
        config, shape = _random(name, rng)
    ours, peer = make_pair(name, config, shape)
    compare(ours, peer, shape, training=name == "BatchNormalization")
    # Axes that were one number become a list in Keras when the layer is built, here as well.
    assert {k: v for k, v in peer.get_config().items() if k in ours.get_config()} == (
        ours.get_config() | {"name": peer.name, "dtype": peer.get_config()["dtype"]}
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", NAMES)
def test_gradients(name, seed):
    rng = np.random.default_rng([9, NAMES.index(name), seed])
    config, shape = _random(name, rng)
    while not _well_posed(name, config, shape) or np.prod(shape) > 400:
        config, shape = _random(name, rng)
    layer = getattr(layers, name)(**config, dtype="float64")
    layer.build(shape)
    for w in layer.trainable_weights:
        w.assign(rng.uniform(0.5, 1.5, w.shape))
    training = name == "BatchNormalization"
    x = rng.standard_normal(shape)
    check_gradients(lambda x: layer(x, training=training), [x], variables=layer.trainable_weights)


@pytest.mark.parametrize("name", ["LayerNormalization", "GroupNormalization", "RMSNormalization"])
def test_an_empty_batch_passes(name):
    layer = getattr(layers, name)(**({"groups": 2} if name == "GroupNormalization" else {}))
    x = ops.zeros((0, 3, 4))
    with minidl.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = ops.sum(y)
    assert y.shape == (0, 3, 4)
    for grad in tape.gradient(loss, layer.trainable_weights):
        assert not grad.numpy().any()


def test_rows_of_equal_values():
    """A variance of 0 gives beta, not NaN, and a finite gradient; a zero vector stays zero."""
    x = np.full((2, 5), 3.0, np.float32)
    np.testing.assert_array_equal(layers.LayerNormalization()(x).numpy(), np.zeros((2, 5)))
    zero = minidl.Tensor(np.zeros((2, 5), np.float32))
    for layer in (
        layers.LayerNormalization(),
        layers.RMSNormalization(),
        layers.UnitNormalization(),
    ):
        with minidl.GradientTape() as tape:
            tape.watch(zero)
            y = layer(zero)
            loss = ops.sum(y * y + y)
        assert not y.numpy().any()
        assert np.isfinite(tape.gradient(loss, zero).numpy()).all()


def test_masks_pass_through():
    assert all(
        getattr(layers, name)().supports_masking
        for name in ("LayerNormalization", "GroupNormalization", "UnitNormalization")
    )
