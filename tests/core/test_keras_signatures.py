"""Public names, signatures, defaults and methods against Keras's; differences are listed once."""

import importlib
import inspect

import minidl
import pytest

from tests import keras_differences as differences
from tests.keras_peer import keras

EMPTY = inspect.Parameter.empty


def _module(root, path):
    """`root.path`, by import where it is no attribute."""
    found = root
    for part in path.split("."):
        found = getattr(found, part, None) or importlib.import_module(f"{found.__name__}.{part}")
    return found


def _public(module):
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            n
            for n, value in vars(module).items()
            if callable(value) and getattr(value, "__module__", "").startswith("minidl")
        ]
    return {n for n in names if not n.startswith("_")}


def _signature(value):
    return {
        name: p
        for name, p in inspect.signature(value).parameters.items()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }


def _same(a, b):
    if a is EMPTY or b is EMPTY:
        return a is b
    if b == (1, 1):  # a stride or dilation for both axes
        return a in (1, b)
    return a == b or (isinstance(a, (int, float)) and isinstance(b, (int, float)) and a == b)


def _compare(path, ours, theirs, used):
    """What differs between two signatures, but for what is explained."""
    if path in differences.ARGUMENTS:
        used.add(path)
        return []
    mine, wanted = _signature(ours), _signature(theirs)
    found = []
    for name in [*wanted, *(n for n in mine if n not in wanted)]:
        if f"{path}.{name}" in differences.ARGUMENTS:
            used.add(f"{path}.{name}")
            continue
        if name not in mine:
            found.append(f"{path}: no argument {name}")
        elif name not in wanted:
            found.append(f"{path}: Keras has no argument {name}")
        elif not _same(mine[name].default, wanted[name].default):
            found.append(
                f"{path}.{name}: default {mine[name].default!r}, Keras {wanted[name].default!r}"
            )
    shared = [n for n in mine if n in wanted]
    if shared != [n for n in wanted if n in mine]:
        found.append(f"{path}: order {shared}, Keras {[n for n in wanted if n in mine]}")
    return found


@pytest.mark.parametrize("path", differences.MODULES)
def test_names(path):
    ours, theirs = (
        _public(_module(minidl, path)),
        {n for n in dir(_module(keras(), path)) if not n.startswith("_")},
    )
    missing = differences.NOT_OFFERED.get(path, {})
    own = differences.OWN.get(path, {})
    modules = {m.split(".")[-1] for m in differences.MODULES}
    assert theirs - ours - set(missing) - modules == set(), "names of Keras that are missing"
    assert ours - theirs - set(own) - modules == set(), "names that Keras does not have"
    assert set(missing) & ours == set(), "listed as not offered, but offered"
    assert set(missing) - theirs == set(), "listed as not offered, but not in Keras either"
    assert set(own) - ours == set(), "listed as our own, but not there"
    assert set(own) & theirs == set(), "listed as our own, but in Keras too"


@pytest.mark.parametrize("path", (*differences.MODULES, *differences.GROWING))
def test_signatures(path):
    ours, theirs = _module(minidl, path), _module(keras(), path)
    found, used = [], set()
    for name in sorted(_public(ours) & set(dir(theirs))):
        mine, wanted = getattr(ours, name), getattr(theirs, name)
        if not callable(mine) or inspect.ismodule(mine):
            continue
        assert inspect.isclass(mine) == inspect.isclass(wanted), f"{path}.{name}"
        found += _compare(f"{path}.{name}", mine, wanted, used)
    listed = {
        a
        for a in differences.ARGUMENTS
        if a.startswith(f"{path}.") and a[len(path) + 1 :].split(".")[0] in _public(ours)
    }
    assert found == []
    assert listed - used == set(), "listed, but nothing uses it"


def _methods(value):
    """Public methods and properties that Keras's own code defines."""
    for name in dir(value):
        found = inspect.getattr_static(value, name)
        owner = next(c for c in value.__mro__ if name in vars(c))
        if name.startswith("_") or not owner.__module__.startswith("keras"):
            continue
        if callable(found) or isinstance(found, (property, classmethod, staticmethod)):
            yield name


@pytest.mark.parametrize("path", differences.MODULES)
def test_methods(path):
    """Public methods and properties of Keras's classes are there."""
    ours, theirs = _module(minidl, path), _module(keras(), path)
    found = set()
    for name in sorted(_public(ours) & set(dir(theirs))):
        mine, wanted = getattr(ours, name), getattr(theirs, name)
        if inspect.isclass(mine):
            found |= {f"{name}.{m}" for m in _methods(wanted) if not hasattr(mine, m)}
    listed = set(differences.METHODS.get(path, {}))
    missing = {f for f in found if f not in listed and f"*.{f.split('.')[1]}" not in listed}
    assert missing == set()
    named = {f.split(".")[1] for f in found}
    unused = {m for m in listed if (m[2:] not in named if m[0] == "*" else m not in found)}
    assert unused == set(), "listed, but nothing uses it"
