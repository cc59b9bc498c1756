"""Weights to and from `.npz` files: a save is whole or absent, a load trusts nothing."""

from __future__ import annotations

import math
import os
import tempfile
import zipfile
from typing import Any

import numpy as np

_LATER = (".weights.h5", ".h5", ".keras", ".safetensors")


def _check_suffix(path: Any) -> str:
    path = os.fspath(path)
    if not isinstance(path, str):
        raise ValueError(f"`filepath` must be a path. Received: filepath={path!r}")
    if path.endswith(".npz"):
        return path
    later = next((s for s in _LATER if path.endswith(s)), None)
    raise ValueError(
        "minidl reads and writes weights as '.npz' so far"
        + (f"; '{later}' comes with a later version" if later else "")
        + f". Received: filepath={path!r}"
    )


def _key(i: int, variable: Any) -> str:
    return f"{i:04d}_{str(variable.path).replace('/', '.')}"


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write all weights to `filepath`, which holds either the old or the new ones, never less."""
    path = _check_suffix(filepath)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"'{path}' exists; pass overwrite=True to replace it.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no weights yet: build it or call it on data before saving."
        )
    write_npz(path, {_key(i, v): v.data for i, v in enumerate(model.weights)})


def write_npz(path: str, arrays: dict[str, Any]) -> None:
    """Write named arrays to `path`: a file of this folder that takes its place when it is whole."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, partial = tempfile.mkstemp(prefix=".minidl-", suffix=".npz", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(partial, 0o666 & ~umask)
        os.replace(partial, path)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Make the rename itself durable, where the system lets folders be synced."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _read_member(file: zipfile.ZipFile, name: str, variable: Any) -> np.ndarray:
    """One array, its header compared with the weight's shape before anything is allocated."""
    info = file.getinfo(name)
    shape = tuple(variable.shape)
    with file.open(info) as member:
        version = np.lib.format.read_magic(member)
        read = {(1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0}.get(version)  # fmt: skip
        if read is None:
            raise ValueError(f"member '{name}' has the unknown format {version}")
        stored, _, dtype = read(member)
        if stored != shape:
            raise ValueError(f"weight '{name}' has shape {stored}, the model's has {shape}")
        if dtype.kind not in "biuf":
            raise ValueError(f"weight '{name}' has dtype {dtype}")
        if info.file_size != member.tell() + math.prod(shape) * dtype.itemsize:
            raise ValueError(f"weight '{name}' is not of the size its header declares")
    with file.open(info) as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def load_weights(model: Any, filepath: Any) -> None:
    """Read all weights from `filepath`; on any error the model keeps the old ones."""
    path = _check_suffix(filepath)
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no weights yet: build it or call it on data before loading."
        )
    weights = model.weights
    try:
        with zipfile.ZipFile(path) as file:
            names = sorted(file.namelist())
            if len(names) != len(weights):
                raise ValueError(f"it holds {len(names)} weights, the model has {len(weights)}")
            arrays = [_read_member(file, n, v) for n, v in zip(names, weights, strict=True)]
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError) as error:
        raise ValueError(f"'{path}' cannot be loaded into '{model.name}': {error}") from None
    model.set_weights(arrays)
