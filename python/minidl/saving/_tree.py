"""The parts of a model that keep weights, under the paths that Keras's files give them.

A path is made of attribute names; in lists it is the class's name in snake case with a number,
never the layer's own name. The layers of a Sequential or functional model come first, then
attributes in the order of the alphabet, private ones last.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..layers import Layer
from ..optimizers import Optimizer


@functools.cache
def _skipped() -> frozenset[str]:
    from ..models import Model

    names = {*dir(Layer()), *dir(Model), "operations", "_operations", "_functional"}
    return frozenset(names - {"optimizer"})


def _snake_case(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _candidates(names: Iterable[str]) -> list[str]:
    skipped = _skipped()
    return [n for n in names if not n.startswith("__") and n not in skipped]


@functools.lru_cache(1024)
def _of_class(kind: Any) -> tuple[str, ...]:
    """The names that every object of a class has: there are many layers of few classes."""
    return tuple(_candidates(dir(kind)))


def _private_last(name: str) -> str:
    return f"~{name}" if name.startswith("_") else name


def _attributes(part: Any) -> Iterator[tuple[str, Any]]:
    from ..models import Functional, Sequential

    if isinstance(part, Optimizer):
        return
    if isinstance(part, (Functional, Sequential)):
        yield "layers", part.layers
    of_class = _of_class(type(part))  # type: ignore[arg-type]
    for name in sorted({*of_class, *_candidates(vars(part))}, key=_private_last):
        try:
            value = getattr(part, name)
        except Exception:  # a property that cannot be read keeps nothing
            continue
        yield name, value


def parts(root: Any) -> Iterator[tuple[str, Any]]:
    """(path, object) of the model itself, its layers and its optimizer, each once."""
    yield from _part(root, "", set())


def _part(part: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(part) in seen:
        return
    seen.add(id(part))
    yield path, part
    for name, value in _attributes(part):
        inner = f"{path}/{name}" if path else name
        if isinstance(value, (Layer, Optimizer)):
            yield from _part(value, inner, seen)
        elif isinstance(value, (list, tuple, dict)):
            yield from _container(value, inner, seen)


def _container(items: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(items) in seen:
        return
    seen.add(id(items))
    used: dict[str, int] = {}
    for item in items.values() if isinstance(items, dict) else items:
        if isinstance(item, (Layer, Optimizer)):
            name = _snake_case(getattr(item, "_keras_class", None) or type(item).__name__)
        elif isinstance(item, (list, tuple, dict)):
            name = "container"
        else:
            continue
        count = used.get(name, 0)
        used[name] = count + 1
        inner = f"{path}/{name}_{count}" if count else f"{path}/{name}"
        if name == "container":
            yield from _container(item, inner, seen)
        else:
            yield from _part(item, inner, seen)
