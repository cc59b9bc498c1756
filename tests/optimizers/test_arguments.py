"""Constructors of optimizers: Keras's signatures, by position and by name."""

import inspect

import pytest
from minidl import optimizers

from tests.keras_peer import keras

NAMES = [n for n in optimizers.__all__ if n[0].isupper() and n != "Optimizer"]


@pytest.mark.parametrize("name", NAMES)
def test_signature_is_keras(name):
    ours = inspect.signature(getattr(optimizers, name)).parameters
    theirs = inspect.signature(getattr(keras().optimizers, name)).parameters
    assert list(ours) == list(theirs)
    for key in ours:
        if key != "name":  # Keras writes the class's own name out
            assert ours[key].default == theirs[key].default, key


@pytest.mark.parametrize("name", NAMES)
def test_arguments_by_position_and_by_name(name):
    cls = getattr(optimizers, name)
    names = [n for n in inspect.signature(cls).parameters if n != "kwargs"]
    given = {
        "learning_rate": 0.5,
        "momentum": 0.25,
        "nesterov": True,
        "clipnorm": 2.0,
        "use_ema": True,
        "ema_overwrite_frequency": 3,
        "name": "mine",
        "exclude_layers": ["head"],
    }
    values = {n: given.get(n, p.default) for n, p in inspect.signature(cls).parameters.items()}
    by_position = cls(*(values[n] for n in names)).get_config()
    by_name = cls(**{n: values[n] for n in names}).get_config()
    assert by_position == by_name
    for key in names:
        assert by_name[key] == values[key]


@pytest.mark.parametrize("name", NAMES)
def test_bad_calls(name):
    cls = getattr(optimizers, name)
    count = len(inspect.signature(cls).parameters)
    with pytest.raises(TypeError, match=f"{name} takes up to {count - 1} arguments"):
        cls(*[0.5] * count)
    with pytest.raises(TypeError, match=r"learning_rate.*twice"):
        cls(0.1, learning_rate=0.1)
    with pytest.raises(ValueError, match="nonsense"):
        cls(nonsense=1)
