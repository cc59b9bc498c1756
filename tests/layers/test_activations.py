"""Every activation of Keras exists here under its name, with its arguments, values and slopes."""

import inspect

import minidl
import numpy as np
import pytest

from tests.checks import assert_close
from tests.keras_peer import keras, pytorch, value

NAN, INF = float("nan"), float("inf")
NAMES = sorted(set(minidl.activations.__all__) - {"get", "serialize", "deserialize"})
ARGUMENTS = {
    "relu": [{}, {"negative_slope": 0.1, "max_value": 1.5, "threshold": 0.2}],
    "leaky_relu": [{}, {"negative_slope": 0.01}],
    "elu": [{}, {"alpha": 0.5}],
    "celu": [{}, {"alpha": 2.0}],
    "gelu": [{}, {"approximate": True}],
    "hard_shrink": [{}, {"threshold": 1.0}],
    "soft_shrink": [{}, {"threshold": 1.0}],
    "squareplus": [{}, {"b": 1.0}],
    "threshold": [{"threshold": 0.4, "default_value": -1.0}],
    "softmax": [{}, {"axis": 0}],
    "log_softmax": [{}, {"axis": 0}],
    "glu": [{}, {"axis": 0}],
}
CALLS = [
    (name, options)
    for name in NAMES
    if name != "sparsemax"
    for options in ARGUMENTS.get(name, [{}])
]
OVER_AN_AXIS = {"softmax", "log_softmax", "sparsemax", "glu"}


def _ours(name, options, x, dy=None):
    tensor = minidl.Tensor(x)
    with minidl.GradientTape() as tape:
        tape.watch(tensor)
        y = getattr(minidl.activations, name)(tensor, **options)
    return np.asarray(y), np.asarray(tape.gradient(y, tensor, dy, "zero"))


def _theirs(name, options, x, dy=None):
    torch = pytorch()

    tensor = torch.tensor(x, requires_grad=True)
    y = getattr(keras().activations, name)(tensor, **options)
    y.backward(torch.ones_like(y) if dy is None else torch.tensor(dy))
    return value(y), value(tensor.grad)


def test_all_of_keras_s_are_here():
    missing = {n for n in dir(keras().activations) if not n.startswith("_")} - set(
        minidl.activations.__all__
    )
    assert not missing


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_names(name):
    mine, theirs = getattr(minidl.activations, name), getattr(keras().activations, name)
    ours = {p.name: p.default for p in inspect.signature(mine).parameters.values()}
    assert ours == {p.name: p.default for p in inspect.signature(theirs).parameters.values()}
    assert minidl.activations.get(name) is mine
    assert minidl.activations.serialize(mine) == keras().activations.serialize(theirs)
    assert minidl.activations.deserialize(minidl.activations.serialize(mine)) is mine


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    """Keras's PyTorch backend errs where several values stay; the definition is the judge here."""
    rng = np.random.default_rng(2)
    for axis in (0, 1):
        x = rng.standard_normal((6, 7)) * 1.5
        y = np.asarray(minidl.activations.sparsemax(x, axis))
        np.testing.assert_allclose(y.sum(axis), 1)
        assert (y >= 0).all() and (y == 0).any()
        for _ in range(200):
            other = np.moveaxis(
                rng.dirichlet(np.full(x.shape[axis], 0.3), x.shape[1 - axis]), 1, axis
            )
            assert ((x - y) ** 2).sum() <= ((x - other) ** 2).sum()
            mixed = y + 0.01 * (other - y)
            assert (((x - y) ** 2).sum(axis) <= ((x - mixed) ** 2).sum(axis) + 1e-12).all()
    np.testing.assert_allclose(minidl.activations.sparsemax([2.0, 2.0, 2.0]), 1 / 3, rtol=1e-6)


@pytest.mark.parametrize(("name", "options"), CALLS, ids=[f"{n}-{o}" for n, o in CALLS])
def test_values_and_gradients(name, options):
    rng = np.random.default_rng(0)
    for dtype, close in ((np.float32, 2e-6), (np.float64, 1e-9)):
        # Not closer than 0.02 to any corner; far out in both directions as well.
        x = (rng.integers(-60, 61, (12, 18)) / 10 + 0.02).astype(dtype)
        if name not in OVER_AN_AXIS:
            x[0] *= 15
        dy = rng.standard_normal(x.shape).astype(dtype)
        if name == "glu":
            dy = np.ascontiguousarray(np.split(dy, 2, options.get("axis", -1))[0])
        got, right = _ours(name, options, x, dy), _theirs(name, options, x, dy)
        assert got[0].dtype == dtype
        assert_close(got[0], right[0], close, "values")
        assert_close(got[1], right[1], 100 * close, "gradient")


@pytest.mark.parametrize("name", sorted(set(NAMES) - OVER_AN_AXIS))
def test_special_values(name):
    x = np.array([NAN, INF, -INF, 0.0, 1e30, -1e30] * 5, np.float32)
    options = ARGUMENTS.get(name, [{}])[0]
    got, right = _ours(name, options, x)[0], _theirs(name, options, x)[0]
    if name in ("gelu", "softsign", "squareplus"):
        # PyTorch's vector code turns even +inf into NaN; the limit is what a formula should give.
        finite = ~np.isinf(x)
        got, right = got[finite], right[finite]
    if name == "sparse_plus":
        got, right = got[1:], right[1:]
    np.testing.assert_allclose(got, right, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"linear"}))
def test_integers_become_floats(name):
    x = np.arange(-4, 4).reshape(2, 4)
    options = ARGUMENTS.get(name, [{}])[0]
    function = getattr(minidl.activations, name)
    got = function(x, **options)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, function(x.astype(np.float32), **options))
