"""Look-up of objects by name: one closed table per family, nothing imported by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ._custom_objects import (
    custom_config,
    find_custom,
    function_config,
    get_registered_object,
    is_custom,
)
from ._naming import to_snake_case


def suggestion(name: str, known: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` when a known name is close to `name`, else an empty string."""
    import difflib

    close = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


def names_or_suggestion(name: str, known: Iterable[str]) -> str:
    """A close name, or all of them where none is close; for the end of an error message."""
    names = sorted(known)
    return suggestion(name, names) or f" Known names: {', '.join(names)}."


def suggesting(
    module: str, names: Iterable[str], instead: dict[str, str] | None = None
) -> Callable[[str], Any]:
    """A module's `__getattr__`, whose error suggests a close name or says what to use instead.

    Args:
        module: The module's name.
        names: Its public names.
        instead: What to use for names of Keras that it does not offer.
    """

    def missing(name: str) -> Any:
        text = f"module '{module}' has no attribute '{name}'."
        if name.startswith("__"):
            raise AttributeError(text)
        if instead and name in instead:
            raise AttributeError(f"{text} It is not offered: {instead[name]}.")
        raise AttributeError(text + suggestion(name, names))

    return missing


class Registry:
    """The closed table of one family (losses, initializers, ...).

    Args:
        kind: Word for error messages, as "loss".
        module: The Keras module written into configs, as "keras.losses".
    """

    def __init__(self, kind: str, module: str):
        self.kind = kind
        self.module = module
        self.classes: dict[str, type] = {}
        self.functions: dict[str, Any] = {}
        self.aliases: dict[str, Any] = {}

    def add_class(self, cls: type, *aliases: str) -> type:
        """Register a class under its name, its snake-case name and `aliases`."""
        self.classes[cls.__name__] = cls
        for name in (to_snake_case(cls.__name__), *aliases):
            self.aliases[name] = cls
        return cls

    def add_function(self, fn: Any, *aliases: str) -> Any:
        """Register a function under its name and `aliases`."""
        self.functions[fn.__name__] = fn
        for name in aliases:
            self.aliases[name] = fn
        return fn

    def find(self, name: str) -> Any:
        """The class or function called `name`; functions win, as in Keras.

        Raises:
            ValueError: nothing is known by that name.
        """
        custom = get_registered_object(name)
        if custom is not None:
            return custom
        for table in (self.functions, self.classes, self.aliases):
            if name in table:
                return table[name]
        known = {*self.functions, *self.classes, *self.aliases}
        raise ValueError(f"Unknown {self.kind}: {name!r}.{names_or_suggestion(name, known)}")

    def serialize(self, obj: Any) -> Any:
        """An object's Keras config: a dict with `module`, `class_name`, `config`."""
        if obj is None or isinstance(obj, (str, dict)):
            return obj
        if hasattr(obj, "get_config") and not isinstance(obj, type):
            if is_custom(type(obj)):
                return custom_config(obj)
            return {
                "module": self.module,
                "class_name": type(obj).__name__,
                "config": obj.get_config(),
                "registered_name": None,
            }
        if callable(obj) and hasattr(obj, "__name__") and self.is_strange(obj):
            return function_config(obj)
        return getattr(obj, "__name__", str(obj))

    def is_strange(self, fn: Any) -> bool:
        """Whether a function or class is none of this family's own."""
        known = (*self.functions.values(), *self.classes.values(), *self.aliases.values())
        return not any(fn is other for other in known)

    def deserialize(self, config: Any, custom_objects: dict | None = None) -> Any:
        """Build an object from a config made by `serialize`.

        Args:
            config: The config, or a name.
            custom_objects: Dict from names to classes and functions of your own.

        Raises:
            ValueError: the config is malformed or names what is not known.
        """
        known = custom_objects or {}
        if isinstance(config, str):
            return known[config] if config in known else self.find(config)
        if not isinstance(config, dict) or "class_name" not in config:
            raise ValueError(
                f"A {self.kind} config must be a dict with the key 'class_name'. "
                f"Received: {config!r}"
            )
        name, inner = config["class_name"], config.get("config")
        custom = find_custom(config, custom_objects) if name != "function" else None
        if isinstance(custom, type):
            return custom.from_config(dict(inner or {}))  # type: ignore[attr-defined]
        if name == "function":  # as Keras writes functions
            return self.deserialize(str(inner), custom_objects)
        cls = known[name] if name in known else self.find(name)
        if not isinstance(cls, type):
            return cls
        inner = dict(inner or {})
        return cls.from_config(inner) if hasattr(cls, "from_config") else cls(**inner)
