"""The user's own classes and functions, by the names that configs call them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_registered: dict[str, Any] = {}
_names: dict[Any, str] = {}


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.stack: list[dict[str, Any]] = []


_scopes = _Scopes()


class custom_object_scope:
    """Within this context, configs may name the given classes and functions.

    Args:
        custom_objects: Dict from names to classes or functions; None for none.

    Raises:
        ValueError: anything but a dict.

    Source: `keras.saving.custom_object_scope`.

    >>> import minidl
    >>> class Twice(minidl.Layer):
    ...     def call(self, x):
    ...         return x * 2
    >>> config = minidl.layers.serialize(Twice())
    >>> with minidl.saving.custom_object_scope({"Twice": Twice}):
    ...     type(minidl.layers.deserialize(config)).__name__
    'Twice'
    """

    def __init__(self, custom_objects: dict[str, Any] | None):
        if custom_objects is not None and not isinstance(custom_objects, dict):
            raise ValueError(
                "`custom_objects` must be a dict from names to classes or functions. Received: "
                f"{custom_objects!r}"
            )
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> custom_object_scope:
        _scopes.stack.append(self.custom_objects)
        return self

    def __exit__(self, *error: Any) -> None:
        _scopes.stack.pop()


CustomObjectScope = custom_object_scope


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Let configs name a class or function of yours, in this process, for good.

    Args:
        package: First half of the name. Defaults to `"Custom"`.
        name: Second half; None for the object's own.

    Returns:
        A decorator.

    Raises:
        ValueError: a class without `get_config`.

    Source: `keras.saving.register_keras_serializable`.

    >>> import minidl
    >>> @minidl.saving.register_keras_serializable("shop")
    ... class Thrice(minidl.Layer):
    ...     def call(self, x):
    ...         return x * 3
    >>> minidl.layers.serialize(Thrice())["registered_name"]
    'shop>Thrice'
    """

    def decorate(obj: Any) -> Any:
        if isinstance(obj, type) and not hasattr(obj, "get_config"):
            raise ValueError(f"{obj.__name__} needs `get_config` to be written into a config.")
        full = f"{package}>{name or obj.__name__}"
        _registered[full] = obj
        _names[obj] = full
        return obj

    return decorate


def get_registered_name(obj: Any) -> str:
    """The name that `register_keras_serializable` gave, else the object's own.

    >>> import minidl
    >>> minidl.saving.get_registered_name(minidl.layers.Dense)
    'Dense'
    """
    return _names.get(obj, getattr(obj, "__name__", str(obj)))


def is_registered(obj: Any) -> bool:
    """Whether `register_keras_serializable` knows it."""
    return obj in _names


def get_registered_object(name: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The class or function of that name in `custom_objects`, the scopes or the register.

    >>> import minidl
    >>> minidl.saving.get_registered_object("mine>Unknown") is None
    True
    """
    for table in (custom_objects or {}, *reversed(_scopes.stack), _registered):
        if name in table:
            return table[name]
    return None


def find_custom(config: dict, custom_objects: dict[str, Any] | None = None) -> Any:
    """The user's class that a config names, or None."""
    for key in ("registered_name", "class_name"):
        name = config.get(key)
        if isinstance(name, str):
            found = get_registered_object(name, custom_objects)
            if found is not None:
                return found
    return None


def is_custom(cls: type) -> bool:
    """Whether a class is the user's own."""
    return not cls.__module__.startswith("minidl.") or is_registered(cls)


def custom_config(obj: Any) -> dict:
    """The config of an object of the user's own class."""
    cls = type(obj)
    return {
        "module": None if cls.__module__ == "__main__" else cls.__module__,
        "class_name": cls.__name__,
        "config": obj.get_config(),
        "registered_name": get_registered_name(cls),
    }


def function_config(fn: Any) -> dict:
    """The config of a function, which names it."""
    return {
        "module": "builtins",
        "class_name": "function",
        "config": get_registered_name(fn),
        "registered_name": "function",
    }
