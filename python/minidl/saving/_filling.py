"""Weights out of a model and into it, whatever the file: all are read and compared before one is
set, so that a file that does not fit changes nothing.
"""

from __future__ import annotations

import warnings
from typing import Any, Protocol

import numpy as np

from ..layers import Layer
from ..optimizers import Optimizer
from ._tree import parts


class Source(Protocol):
    """Named arrays, kept under the paths of `_tree.parts`."""

    def names(self, path: str) -> list[str]:
        """What is stored for the part at `path`, in the order it was saved."""

    def read(self, path: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """One of these; ValueError where it has another shape, before it is read."""


class Store(dict):
    """What `load_own_variables` of a user's layer may take for Keras's entry of a file."""


def own_arrays(part: Any) -> dict[str, np.ndarray]:
    """What a layer or optimizer saves, by name. Where it is the usual, without a copy."""
    if _is_usual(part, "save_own_variables"):
        return {str(i): v.data for i, v in enumerate(own_variables(part))}
    own: dict[str, Any] = {}
    part.save_own_variables(own)
    return {name: np.asarray(value) for name, value in own.items()}


def own_variables(part: Any) -> list[Any]:
    """The variables that `save_own_variables` writes, in its order."""
    return list(part.variables) if isinstance(part, Optimizer) else part._own_variables()


def _is_usual(part: Any, method: str) -> bool:
    return getattr(type(part), method) in (getattr(Layer, method), getattr(Optimizer, method))


def fill(model: Any, source: Source, label: str, skip_mismatch: bool = False) -> None:
    """Take the weights out of `source`; on an error the model keeps what it had.

    An optimizer that has another number of variables than was saved starts anew, with a warning.

    Raises:
        ValueError: what is stored does not fit the model. `label` is what the message calls it.
    """
    found = []
    try:
        for path, part in parts(model):
            stored, own = source.names(path), own_variables(part)
            if isinstance(part, Optimizer) and len(stored) != len(own):
                warnings.warn(
                    f"Skipping variable loading for optimizer '{part.name}': it has {len(own)} "
                    f"variables, the saved one {len(stored)}.",
                    stacklevel=2,
                )
                continue
            try:
                found.append((part, _entries(part, path, source, stored, own)))
            except ValueError:
                if not skip_mismatch:
                    raise
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        raise ValueError(f"'{label}' cannot be loaded into '{model.name}': {error}") from None
    usual = all(_is_usual(part, "load_own_variables") for part, _ in found)
    before = [] if usual else [(v, v.numpy()) for part, _ in found for v in own_variables(part)]
    try:
        for part, store in found:
            if store or own_variables(part):
                part.load_own_variables(store)
            store.clear()
    except Exception:
        for variable, value in before:
            variable.assign(value)
        raise


def _entries(part: Any, path: str, source: Source, stored: list[str], own: list[Any]) -> Store:
    if len(stored) != len(own):
        raise ValueError(
            f"'{path}' holds {len(stored)} weights, {getattr(part, 'name', part)!r} has {len(own)}"
        )
    if _is_usual(part, "load_own_variables") and stored != [str(i) for i in range(len(own))]:
        raise ValueError(f"'{path}' holds {stored}; expected '0', '1' and so on")
    store = Store()
    for name, variable in zip(stored, own, strict=True):
        value = source.read(path, name, tuple(variable.shape))
        if value.dtype.kind == "f" and variable.data.dtype.kind != "f":
            raise ValueError(f"'{path}/{name}' holds {value.dtype}, the model's {variable.dtype}")
        store[name] = value
    return store


def by_number(name: str) -> tuple[int, str]:
    """Sorts "0", "1", ... "10" as numbers, other names behind them."""
    return (int(name), "") if name.isdecimal() and len(name) < 10 else (1 << 60, name)
