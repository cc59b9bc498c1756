"""`.weights.h5`: the weights of every layer and the optimizer's state, as Keras 3 lays them out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..optimizers import Optimizer
from . import _h5
from ._atomic import replacing
from ._tree import parts


def save(model: Any, path: str) -> None:
    """Write the file; an error leaves the old one."""
    package = _h5.h5py()
    with replacing(path, ".weights.h5") as partial, package.File(partial, "w") as file:
        write(model, file)


def write(model: Any, file: Any) -> None:
    """Fill an open file."""
    for path, part in parts(model):
        group = file.create_group(f"{path}/vars" if path else "vars")
        if isinstance(getattr(part, "name", None), str):
            group.attrs["name"] = part.name
        own: dict[str, Any] = {}
        part.save_own_variables(own)
        for name, value in own.items():
            group.create_dataset(name, data=np.asarray(value))


class _Store(dict):
    """What `load_own_variables` of a user's layer may take for Keras's entry of a file."""


def load(model: Any, path: str, skip_mismatch: bool = False) -> None:
    """Read the file; on an error the model keeps what it had."""
    with _h5.opened(path) as file:
        read(model, file, path, skip_mismatch)


def read(model: Any, file: Any, path: str, skip_mismatch: bool = False) -> None:
    """Take the weights out of an open file: all are read and compared before any is set."""
    found = []
    try:
        for inner, part in parts(model):
            group = _h5.child(file, f"{inner}/vars" if inner else "vars")
            own = _own(part)
            stored = sorted(group.keys(), key=_number) if group is not None else []
            if isinstance(part, Optimizer) and len(stored) != len(own):
                continue  # not built, or another one: its state starts anew
            try:
                found.append((part, _entries(part, inner, group, stored, own)))
            except ValueError:
                if not skip_mismatch:
                    raise
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        raise ValueError(f"'{path}' cannot be loaded into '{model.name}': {error}") from None
    before = [(v, v.numpy()) for part, _ in found for v in _own(part)]
    try:
        for part, store in found:
            if store or _own(part):
                part.load_own_variables(store)
    except Exception:
        for variable, value in before:
            variable.assign(value)
        raise


def _entries(part: Any, path: str, group: Any, stored: list[str], own: list[Any]) -> _Store:
    if len(stored) != len(own):
        raise ValueError(
            f"'{path}' holds {len(stored)} weights, {getattr(part, 'name', part)!r} has {len(own)}"
        )
    store = _Store()
    for name, variable in zip(stored, own, strict=True):
        store[name] = _h5.read(_h5.child(group, name), tuple(variable.shape))
    return store


def _number(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (1 << 60, name)


def _own(part: Any) -> list[Any]:
    """The variables that `save_own_variables` writes, in its order."""
    if isinstance(part, Optimizer):
        return list(part.variables)
    return [*part._trainable_variables, *part._non_trainable_variables]
