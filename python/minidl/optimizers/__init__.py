"""Optimizers, one a file, and their look-up by name."""

from __future__ import annotations

from typing import Any

from .._registry import Registry
from .adam import Adam
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

_registry = Registry("optimizer", "keras.optimizers")
for _cls in (SGD, Adam, RMSprop):
    _registry.add_class(_cls, _cls.__name__.lower())

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "deserialize", "get", "serialize"]


def get(identifier: Any) -> Any:
    """An optimizer from a name, a Keras config, a class or an object.

    Raises:
        ValueError: it cannot be understood; the message suggests a close name.

    Source: `keras.optimizers.get`.

    >>> import minidl
    >>> minidl.optimizers.get("adam").epsilon
    1e-07
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        name = identifier if identifier in _registry.classes else identifier.lower()
        return _registry.find(name)()
    if isinstance(identifier, dict):
        return _registry.deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()  # type: ignore[call-arg]
    raise ValueError(
        "`optimizer` must be a name or an Optimizer. "
        f"Received: optimizer={identifier!r} of type {type(identifier).__name__}"
    )


serialize = _registry.serialize
deserialize = _registry.deserialize
