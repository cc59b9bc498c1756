"""Weights of a model and its optimizer's state in a safetensors file.

A tensor's name is the path that `.weights.h5` gives it: `layers/dense/vars/0`, `optimizer/vars/2`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._filling import by_number, fill, own_arrays
from ._safetensors import Reader, save_safetensors
from ._tree import parts


def _name(path: str, name: str) -> str:
    return f"{path}/vars/{name}" if path else f"vars/{name}"


def save(model: Any, path: str) -> None:
    """Write the file; an error leaves the old one."""
    arrays = {
        _name(inner, name): value
        for inner, part in parts(model)
        for name, value in own_arrays(part).items()
    }
    save_safetensors(path, arrays, {"format": "minidl"})


def load(model: Any, path: str, skip_mismatch: bool = False) -> None:
    """Read the file; on an error the model keeps what it had."""
    with Reader(path) as reader:
        if not skip_mismatch:
            _check_surplus(model, reader, path)
        fill(model, _Source(reader), path, skip_mismatch)


def _check_surplus(model: Any, reader: Reader, path: str) -> None:
    """ValueError where the file has weights of layers that the model lacks."""
    known = {_name(inner, "") for inner, _ in parts(model)} | {_name("optimizer", "")}
    for name in reader.entries:
        if name[: name.rfind("/") + 1] not in known:
            raise ValueError(
                f"'{path}' cannot be loaded into '{model.name}': it holds '{name}', which is no "
                "weight of the model. (A file of PyTorch's names: "
                "`minidl.saving.load_torch_weights`.)"
            )


class _Source:
    """The tensors of an open file, under the path before their names."""

    def __init__(self, reader: Reader):
        self._reader = reader
        self._names: dict[str, list[str]] = {}
        for name in reader.entries:
            folder, _, last = name.rpartition("/")
            self._names.setdefault(folder, []).append(last)

    def names(self, path: str) -> list[str]:
        return sorted(self._names.get(_name(path, "")[:-1], []), key=by_number)

    def read(self, path: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
        return self._reader.read(_name(path, name), shape)
