"""Initial values: their distributions, seeds and configs; penalties and conditions on weights."""

import json
import math

import minidl
import numpy as np
import pytest
from minidl import constraints, initializers, regularizers

from tests.checks import assert_close
from tests.keras_peer import keras, pytorch, value

SHAPE = (300, 200)
TRUNCATED = 0.87962566103423978  # deviation of a unit normal cut off at 2
# name, arguments, standard deviation, bound (None for none)
RANDOM = [
    ("RandomNormal", {"mean": 1.0, "stddev": 0.3}, 0.3, None),
    ("TruncatedNormal", {"mean": -1.0, "stddev": 0.3}, 0.3 * TRUNCATED, 0.6),
    ("RandomUniform", {"minval": -2.0, "maxval": 4.0}, 6 / math.sqrt(12), 3.0),
    ("GlorotNormal", {}, math.sqrt(2 / 500), 2 * math.sqrt(2 / 500) / TRUNCATED),
    ("GlorotUniform", {}, math.sqrt(2 / 500), math.sqrt(6 / 500)),
    ("HeNormal", {}, math.sqrt(2 / 300), 2 * math.sqrt(2 / 300) / TRUNCATED),
    ("HeUniform", {}, math.sqrt(2 / 300), math.sqrt(6 / 300)),
    ("LecunNormal", {}, math.sqrt(1 / 300), 2 * math.sqrt(1 / 300) / TRUNCATED),
    ("LecunUniform", {}, math.sqrt(1 / 300), math.sqrt(3 / 300)),
    (
        "VarianceScaling",
        {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"},
        math.sqrt(3 / 200),
        None,
    ),
]
IDS = [name for name, *_ in RANDOM]


@pytest.mark.parametrize(("name", "config", "deviation", "bound"), RANDOM, ids=IDS)
def test_distributions(name, config, deviation, bound):
    """60,000 draws: mean, deviation and bound within what chance allows (5 sigma)."""
    for seed in range(3):
        w = getattr(initializers, name)(**config, seed=seed)(SHAPE).astype(np.float64)
        middle = config.get("mean", 1.0 if name == "RandomUniform" else 0.0)
        n = w.size
        assert abs(w.mean() - middle) < 5 * deviation / math.sqrt(n)
        assert abs(w.std() / deviation - 1) < 5 / math.sqrt(2 * n)
        if bound is not None:
            largest = np.abs(w - middle).max()
            assert 0.97 * bound < largest <= bound * (1 + 1e-6)
        # no drift along an axis, no neighbours that hang together
        assert np.abs(w.mean(0) - middle).max() < 6 * deviation / math.sqrt(SHAPE[0])
        flat = (w - middle).ravel()
        assert abs((flat[1:] * flat[:-1]).mean()) < 5 * deviation**2 / math.sqrt(n)


@pytest.mark.parametrize(("name", "config", "deviation", "bound"), RANDOM, ids=IDS)
def test_against_kerass_quantiles(name, config, deviation, bound):
    """The distribution function at nine points, against as many draws of Keras."""
    ours = getattr(initializers, name)(**config, seed=1)(SHAPE).ravel()
    theirs = value(getattr(keras().initializers, name)(**config, seed=1)(SHAPE)).ravel()
    points = np.quantile(theirs, np.linspace(0.1, 0.9, 9))
    shares = (ours[:, None] < points).mean(0)
    assert np.abs(shares - np.linspace(0.1, 0.9, 9)).max() < 5 * math.sqrt(0.5 / ours.size)


@pytest.mark.parametrize("name", [*IDS, "Orthogonal"])
def test_seeds(name):
    make = getattr(initializers, name)
    first = make(seed=3)
    assert np.array_equal(first((4, 5)), make(seed=3)((4, 5)))
    assert np.array_equal(first((4, 5)), first((4, 5)))  # as in Keras, an object repeats itself
    assert not np.array_equal(first((4, 5)), make(seed=4)((4, 5)))
    drawn = []
    for _ in range(2):
        minidl.set_random_seed(11)
        drawn.append([make()((4, 5)), make()((4, 5))])
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0][0], drawn[0][1])
    generator = minidl.random.SeedGenerator(5)
    shared = make(seed=generator)
    assert not np.array_equal(shared((4, 5)), shared((4, 5)))
    assert first((4, 5), dtype="float64").dtype == np.float64


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (2, 3, 4), (3, 3, 2, 5)])
def test_orthogonal(shape):
    w = initializers.Orthogonal(gain=2.0, seed=0)(shape, dtype="float64")
    flat = w.reshape(-1, shape[-1]) / 2.0
    product = flat @ flat.T if flat.shape[0] < flat.shape[1] else flat.T @ flat
    assert np.allclose(product, np.eye(len(product)), atol=1e-12)


CONSTANT = [
    ("Zeros", {}),
    ("Ones", {}),
    ("Constant", {"value": 2.5}),
    ("Identity", {"gain": 3.0}),
]


@pytest.mark.parametrize(("name", "config"), CONSTANT)
def test_constant(name, config):
    for dtype in ("float32", "float64"):
        ours = getattr(initializers, name)(**config)((3, 4), dtype=dtype)
        peer = getattr(keras().initializers, name)(**config)((3, 4), dtype=dtype)
        assert ours.dtype == dtype
        assert np.array_equal(ours, value(peer))


@pytest.mark.parametrize(
    ("name", "config"), [*CONSTANT, *((n, {**c, "seed": 3}) for n, c, *_ in RANDOM)]
)
def test_configs(name, config):
    ours = getattr(initializers, name)(**config)
    peer = getattr(keras().initializers, name)(**config)
    serialized, wanted = initializers.serialize(ours), keras().initializers.serialize(peer)
    if name == "Identity":  # Keras forgets the gain
        wanted["config"] = {"gain": 3.0}
    assert serialized == wanted
    again = initializers.deserialize(json.loads(json.dumps(serialized)))
    assert np.array_equal(again((3, 3)), ours((3, 3)))


def test_fans_and_axes():
    assert initializers.compute_fans((3, 3, 4, 8)) == (36, 72)
    w = initializers.VarianceScaling(seed=0, input_axes=[0, 2], output_axes=[1])((30, 20, 40))
    assert abs(w.std() * math.sqrt(1200) - 1) < 0.02


MATRIX = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
PENALTIES = [
    ("L1", {"l1": 0.3}),
    ("L2", {"l2": 0.2}),
    ("L1L2", {"l1": 0.1, "l2": 0.4}),
    ("L1L2", {}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.7, "mode": "columns"}),
]


@pytest.mark.parametrize(("name", "config"), PENALTIES)
def test_regularizers(name, config):
    torch = pytorch()

    ours = getattr(regularizers, name)(**config)
    peer = getattr(keras().regularizers, name)(**config)
    theirs = torch.tensor(MATRIX, requires_grad=True)
    wanted = peer(theirs)
    w = minidl.Variable(MATRIX)
    with minidl.GradientTape() as tape:
        penalty = ours(w) + 0.0 * minidl.ops.sum(w)
    assert float(penalty) == pytest.approx(float(value(wanted)), rel=1e-5)
    if config:
        wanted.backward()
        assert_close(tape.gradient(penalty, w).numpy(), theirs.grad.numpy(), 1e-5, name)
    mine = ours.get_config()
    assert mine == pytest.approx(peer.get_config()) or mine == peer.get_config()
    assert regularizers.deserialize(regularizers.serialize(ours)).get_config() == mine


CONDITIONS = [
    ("MaxNorm", {"max_value": 1.5}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": [0, 1]}),
    ("MinMaxNorm", {"min_value": 1.9, "max_value": 2.1, "rate": 0.4}),
    ("MinMaxNorm", {"min_value": 0.1, "axis": 1}),
]


@pytest.mark.parametrize(("name", "config"), CONDITIONS)
def test_constraints(name, config):
    torch = pytorch()

    ours = getattr(constraints, name)(**config)
    peer = getattr(keras().constraints, name)(**config)
    assert_close(np.asarray(ours(MATRIX)), value(peer(torch.tensor(MATRIX))), 1e-6, name)
    assert ours.get_config() == peer.get_config()
    assert constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()
    # and after a step of an optimizer
    w = minidl.Variable(MATRIX)
    w.constraint = ours
    minidl.optimizers.SGD(0.1).apply([np.ones_like(MATRIX)], [w])
    assert_close(w.numpy(), np.asarray(ours(MATRIX - np.float32(0.1))), 1e-6, name)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: initializers.VarianceScaling(scale=0), "scale.*0"),
        (lambda: initializers.VarianceScaling(mode="fan"), "mode.*fan"),
        (lambda: initializers.VarianceScaling(distribution="beta"), "distribution.*beta"),
        (lambda: initializers.HeNormal(seed="x"), "seed.*x"),
        (lambda: initializers.Orthogonal()((3,)), r"two dimensions.*\(3,\)"),
        (lambda: initializers.Identity()((3, 3, 3)), r"\(3, 3, 3\)"),
        (lambda: initializers.get("glorot_unifrom"), "Did you mean 'glorot_uniform'"),
        (lambda: initializers.get(3), "Received: 3"),
        (lambda: regularizers.L2(-1), "l2.*-1"),
        (lambda: regularizers.L1(float("nan")), "l1.*nan"),
        (lambda: regularizers.OrthogonalRegularizer(mode="both"), "mode.*both"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), r"\(3,\)"),
        (lambda: regularizers.get("l1_l3"), "Did you mean 'l1_l2'"),
        (lambda: constraints.get("maxnorm"), "Did you mean 'max_norm'"),
    ],
)
def test_bad_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        make()
