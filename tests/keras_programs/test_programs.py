"""Short programs of everyday kinds give under minidl what they give under Keras."""

import pytest

from tests.keras_peer import keras
from tests.keras_programs.runner import PROGRAMS, compare, differences, load, source, translated

# Keras itself runs into this with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_as_keras(name):
    """Same shapes, losses, metrics and predictions from the same weights."""
    keras().utils.set_random_seed(PROGRAMS.index(name))
    result = compare(name)
    found, _ = differences(result.keras, result.minidl)
    assert found == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_runs_alone(name):
    """The translated program as one would start it; needs no Keras."""
    if ".weights.h5" in source(name):
        pytest.importorskip("h5py", reason="saves weights in HDF5")
    program = load(name, translated(source(name)))
    results = program["run"](program["build"]())
    assert results


def test_only_the_imports_are_changed():
    for name in PROGRAMS:
        before, after = source(name).splitlines(), translated(source(name)).splitlines()
        changed = [b for a, b in zip(before, after, strict=True) if a != b]
        assert all(line.startswith(("import minidl", "from minidl")) for line in changed)
        assert changed


def test_differences_are_seen():
    assert differences({"a": [1.0, 2.0]}, {"a": [1.0, 2.0]}) == ([], 0.0)
    for got in ({"a": [1.0, 2.1]}, {"a": [1.0]}, {"b": [1.0, 2.0]}, {"a": [1.0, float("nan")]}):
        assert differences({"a": [1.0, 2.0]}, got)[0]
