"""Which layer and which op is written how: `LAYERS` and `OPS`, filled by the files beside this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LAYERS: dict[type, Callable] = {}
OPS: dict[str, Callable] = {}
FLOATING: set[type] = set()  # layers that compute in floats, whatever they are given


def layer(*classes: type, floats: bool = False) -> Callable:
    """Say that a function `(w, layer, *inputs, **arguments)` writes layers of these classes.

    With `floats` it is given floats where the layer is given integers.
    """

    def register(function: Callable) -> Callable:
        LAYERS.update(dict.fromkeys(classes, function))
        if floats:
            FLOATING.update(classes)
        return function

    return register


def op(*names: str) -> Callable:
    """Say that a function `(w, *arguments)` writes the ops of these names."""

    def register(function: Callable) -> Callable:
        OPS.update(dict.fromkeys(names, function))
        return function

    return register


def emitter_of(layer: Any) -> Callable | None:
    """The function for a layer; a subclass with a `call` of its own has none."""
    for cls in type(layer).__mro__:
        if cls in LAYERS:
            return LAYERS[cls] if type(layer).call is cls.call else None  # type: ignore[attr-defined]
    return None
