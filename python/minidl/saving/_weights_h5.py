"""`.weights.h5`: the weights of every layer and the optimizer's state, as Keras 3 lays them out."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _h5
from ._atomic import replacing
from ._filling import by_number, fill, own_arrays
from ._tree import parts


def save(model: Any, path: str) -> None:
    """Write the file; an error leaves the old one."""
    _h5.h5py()
    with replacing(path, ".weights.h5") as partial, open(partial, "r+b", buffering=0) as file:
        write_into(model, file.fileno(), 0)


def write_into(model: Any, handle: int, begin: int) -> None:
    """Write an HDF5 file into an open one, from the byte `begin` on."""
    room = _h5.Room(handle, begin)
    with _h5.h5py().File(room, "w") as file:
        write(model, file)
    if room.error is not None:
        raise room.error


def write(model: Any, file: Any) -> None:
    """Fill an open file."""
    writer = _h5.Writer(file)
    for path, part in parts(model):
        name = getattr(part, "name", None)
        group = writer.group(
            f"{path}/vars" if path else "vars", name if isinstance(name, str) else None
        )
        for key, value in own_arrays(part).items():
            writer.array(group, key, value)


def load(model: Any, path: str, skip_mismatch: bool = False) -> None:
    """Read the file; on an error the model keeps what it had."""
    with _h5.opened(path) as file:
        read(model, file, path, skip_mismatch)


def read(model: Any, file: _h5.Contents, path: str, skip_mismatch: bool = False) -> None:
    """Take the weights out of an open file: all are read and compared before any is set."""
    fill(model, _Source(file), path, skip_mismatch)


class _Source:
    """The groups `vars` of an open file."""

    def __init__(self, file: _h5.Contents):
        self._file = file
        self._path, self._group = "", None

    def names(self, path: str) -> list[str]:
        self._path, self._group = path, self._vars(path)
        return sorted(_h5.members(self._group), key=by_number) if self._group is not None else []

    def read(self, path: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
        return self._file.read(_h5.child(self._group, name), shape)

    def _vars(self, path: str) -> Any:
        group = _h5.child(self._file.root, f"{path}/vars" if path else "vars")
        if group is None and "layers" in path:  # as Keras 2.13 names it
            old = path.replace("layers", "_layer_checkpoint_dependencies")
            group = _h5.child(self._file.root, f"{old}/vars")
        return group
