"""Optimizers, one a file, and their look-up by name."""

from __future__ import annotations

from typing import Any

from .._registry import Registry, suggesting
from . import schedules
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .adamw import AdamW
from .ftrl import Ftrl
from .lion import Lion
from .muon import Muon
from .nadam import Nadam
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

_registry = Registry("optimizer", "keras.optimizers")
for _cls in (
    SGD,
    RMSprop,
    Adagrad,
    Adadelta,
    Adam,
    AdamW,
    Adamax,
    Nadam,
    Ftrl,
    Lion,
    Muon,
):
    _registry.add_class(_cls, _cls.__name__.lower())

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

__getattr__ = suggesting(__name__, __all__)


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
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()  # type: ignore[call-arg]
    raise ValueError(
        "`optimizer` must be a name or an Optimizer. "
        f"Received: optimizer={identifier!r} of type {type(identifier).__name__}"
    )


def serialize(optimizer: Any) -> Any:
    """An optimizer's Keras config, without its state.

    Source: `keras.optimizers.serialize`.

    >>> import minidl
    >>> minidl.optimizers.serialize(minidl.optimizers.SGD(0.1))["class_name"]
    'SGD'
    """
    return _registry.serialize(optimizer)


def deserialize(config: dict, custom_objects: dict | None = None) -> Any:
    """An optimizer from a config of `serialize`.

    Args:
        config: The config; upper and lower case of the class name are one.
        custom_objects: Dict from names to classes (or learning-rate callables) of your own.

    Raises:
        ValueError: the config is malformed, or names what is not known.

    Source: `keras.optimizers.deserialize`.

    >>> import minidl
    >>> config = minidl.optimizers.serialize(minidl.optimizers.SGD(0.5))
    >>> float(minidl.optimizers.deserialize(config).learning_rate)
    0.5
    """
    name = config.get("class_name") if isinstance(config, dict) else None
    if custom_objects and name in custom_objects:
        cls = custom_objects[name]
    elif name is None:
        return _registry.deserialize(config)  # which says what is wrong
    else:
        cls = _registry.find(name if name in _registry.classes else str(name).lower())
    return cls.from_config(dict(config.get("config") or {}), custom_objects)
