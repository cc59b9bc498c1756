"""Nested lists, tuples and dicts. The keys of a dict count in sorted order, as in Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def ordered(structure: dict) -> list[Any]:
    """The keys in the order of `flatten`."""
    try:
        return sorted(structure)
    except TypeError:  # keys of several types
        return list(structure)


def flatten(structure: Any) -> Iterator[Any]:
    """The leaves of a nested structure."""
    if isinstance(structure, (list, tuple)):
        for entry in structure:
            yield from flatten(entry)
    elif isinstance(structure, dict):
        for key in ordered(structure):
            yield from flatten(structure[key])
    else:
        yield structure


def map_structure(fn: Callable, structure: Any) -> Any:
    """A structure like this one with `fn` applied to each leaf, in the order of `flatten`."""
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(map_structure(fn, entry) for entry in structure))
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_structure(fn, entry) for entry in structure)
    if isinstance(structure, dict):
        done = {key: map_structure(fn, structure[key]) for key in ordered(structure)}
        return {key: done[key] for key in structure}
    return fn(structure)


def pack(structure: Any, leaves: Iterable[Any]) -> Any:
    """A structure like this one that holds `leaves`, in the order of `flatten`."""
    rest = iter(leaves)
    return map_structure(lambda _: next(rest), structure)


def is_nested(x: Any) -> bool:
    """Whether `x` is a list, tuple or dict."""
    return isinstance(x, (list, tuple, dict))


def is_shape(x: Any) -> bool:
    """Whether `x` is a shape: a list or tuple of sizes and None."""
    return isinstance(x, (list, tuple)) and all(
        n is None or (hasattr(n, "__index__") and not isinstance(n, bool)) for n in x
    )


def map_shapes(fn: Callable, structure: Any) -> Any:
    """`map_structure` over structures whose leaves are shapes."""
    if structure is None:
        return None
    if is_shape(structure):
        return fn(tuple(structure))
    if isinstance(structure, dict):
        return {key: map_shapes(fn, value) for key, value in structure.items()}
    return type(structure)(map_shapes(fn, entry) for entry in structure)
