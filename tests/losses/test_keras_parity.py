"""Every loss against Keras's own numbers: reductions, weights, masks, ranks, gradients."""

import inspect

import minidl
import numpy as np
import pytest
from minidl import losses

from tests.checks import assert_close
from tests.keras_peer import keras, pytorch, value
from tests.losses.cases import CASES, IDS, inputs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
FLAT = ("embeddings", "sequences")  # their inputs have one shape only


def _pair(name, config):
    return getattr(losses, name)(**config), getattr(keras().losses, name)(**config)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_values(name, config, kind):
    rng = np.random.default_rng(0)
    for shape in ((6,), (6, 4)):
        if (kind in FLAT or config.get("axis") == (1,)) and len(shape) > 1:
            continue
        y, p = inputs(kind, rng, shape)
        per_sample = rng.uniform(0, 2, 6).astype(np.float32)
        for reduction in REDUCTIONS:
            ours, peer = _pair(name, {**config, "reduction": reduction})
            weights = [None]
            if np.ndim(ours(y, p).numpy()) != 0 or reduction not in (None, "none"):
                column = per_sample if len(shape) == 1 else per_sample[:, None]
                if "ignore_class" in config:  # Keras wants a weight for each value then
                    column = np.broadcast_to(column, shape).copy()
                weights.append(column)
            if name in ("Dice", "Tversky") and not config.get("axis"):
                weights = [None]  # one number for the whole batch
            for w in weights:
                what = f"{name} {reduction} {shape} {'weighted' if w is not None else ''}"
                assert_close(ours(y, p, w).numpy(), value(peer(y, p, w)), 2e-5, what)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_masks(name, config, kind):
    if kind in FLAT or name in ("Dice", "Tversky"):
        pytest.skip("no steps to mask")
    torch = pytorch()

    rng = np.random.default_rng(1)
    y, p = inputs(kind, rng, (6, 4))
    mask = rng.integers(0, 2, (6, 4)).astype(bool)
    if config.get("axis") == 1:
        mask = np.resize(mask, (6, 5))
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        ours, peer = _pair(name, {**config, "reduction": reduction})
        for w in (None, rng.uniform(0, 2, mask.shape).astype(np.float32)):
            mine, theirs = minidl.ops.convert_to_tensor(p), torch.tensor(p)
            mine._keras_mask = minidl.ops.convert_to_tensor(mask)
            theirs._keras_mask = torch.tensor(mask)
            assert_close(ours(y, mine, w).numpy(), value(peer(y, theirs, w)), 2e-5, name)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_gradients(name, config, kind):
    torch = pytorch()

    rng = np.random.default_rng(2)
    y, p = inputs(kind, rng)
    ours, peer = _pair(name, config)
    theirs = torch.tensor(p, requires_grad=True)
    peer(y, theirs).backward()
    mine = minidl.Variable(p)
    with minidl.GradientTape() as tape:
        loss = ours(y, mine)
    gradient = tape.gradient(loss, mine)
    assert_close(gradient.numpy(), theirs.grad.numpy(), 5e-5, name)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_functions(name, config, kind):
    ours, _ = _pair(name, config)
    function = ours.fn.__name__
    rng = np.random.default_rng(3)
    y, p = inputs(kind, rng)
    theirs = getattr(keras().losses, function)
    accepted = inspect.signature(theirs).parameters
    arguments = {k: v for k, v in ours._fn_kwargs.items() if k in accepted}
    torch = pytorch()

    got = getattr(losses, function)(y, p, **arguments)
    wanted = theirs(torch.tensor(y), torch.tensor(p), **arguments)
    assert_close(got.numpy(), value(wanted), 2e-5, function)


@pytest.mark.parametrize(("name", "config", "kind"), CASES, ids=IDS)
def test_configs(name, config, kind):
    ours, peer = _pair(name, {**config, "reduction": "sum", "name": "mine"})
    mine, theirs = ours.get_config(), peer.get_config()
    assert {k: v for k, v in mine.items() if k in theirs} == theirs
    assert type(peer).from_config(mine).get_config() == theirs
    serialized = losses.serialize(ours)
    wanted = keras().losses.serialize(peer)
    assert {k: v for k, v in serialized.items() if k != "config"} == {
        k: v for k, v in wanted.items() if k != "config"
    }
    again = losses.deserialize(wanted)
    assert type(again) is type(ours)
    assert losses.deserialize(serialized).get_config() == mine


@pytest.mark.parametrize("columns", [(6, 1), (6,)])
def test_ranks_that_differ_by_a_trailing_1(columns):
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 6).astype(np.float32)
    p = rng.uniform(0.1, 0.9, (6, 1)).astype(np.float32)
    for name in ("MeanSquaredError", "BinaryCrossentropy", "Hinge", "Huber", "Poisson"):
        ours, peer = _pair(name, {})
        for a, b in ((y, p), (p, y), (y.reshape(columns), p)):
            assert_close(ours(a, b).numpy(), value(peer(a, b)), 2e-5, name)


def test_aliases():
    module = keras()
    for short in ("mse", "mae", "mape", "msle", "kld", "bce"):
        for alias in (short, short.upper()):
            assert losses.get(alias).__name__ == module.losses.get(alias).__name__
    public = [n for n in dir(module.losses) if not n.startswith("_") and n not in ("legacy",)]
    assert [n for n in public if not hasattr(losses, n)] == []
