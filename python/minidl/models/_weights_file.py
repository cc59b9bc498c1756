"""Weights to and from files by their suffix: a save is whole or absent, a load trusts nothing."""

from __future__ import annotations

import math
import os
import zipfile
from typing import Any

import numpy as np

from ..saving._atomic import replacing

# Suffixes and what they stand for, longest first.
_KINDS = {
    ".weights.h5": "h5",
    ".safetensors": "safetensors",
    ".h5": "legacy",
    ".hdf5": "legacy",
    ".npz": "npz",
}


def check_model_path(path: Any) -> str:
    """The path of a whole model; ValueError for another ending than `.keras`."""
    text = os.fspath(path)
    if not isinstance(text, str) or not text.endswith(".keras"):
        raise ValueError(
            "models are kept in '.keras' files (weights alone: `save_weights`). "
            f"Received: filepath={path!r}"
        )
    return text


def check_weights_path(path: Any) -> str:
    """The path of a file that weights can be written to; ValueError for another ending."""
    path = os.fspath(path)
    if not isinstance(path, str):
        raise ValueError(f"`filepath` must be a path. Received: filepath={path!r}")
    if kind_of(path) in ("npz", "h5", "safetensors"):
        return path
    whole = "; '.keras' is for whole models: `save`, `minidl.saving.load_model`"
    hint = whole if path.endswith(".keras") else ""
    raise ValueError(
        "weights are written as '.weights.h5' (Keras's format), '.safetensors' or '.npz'"
        f"{hint}. Received: filepath={path!r}"
    )


def kind_of(path: str) -> str | None:
    """ "h5", "safetensors", "legacy" or "npz", by the suffix."""
    return next((kind for suffix, kind in _KINDS.items() if path.endswith(suffix)), None)


def _key(i: int, variable: Any) -> str:
    return f"{i:04d}_{str(variable.path).replace('/', '.')}"


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write all weights to `filepath`, which holds either the old or the new ones, never less."""
    path = check_weights_path(filepath)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"'{path}' exists; pass overwrite=True to replace it.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no weights yet: build it or call it on data before saving."
        )
    kind = kind_of(path)
    if kind == "h5":
        from ..saving import _weights_h5

        _weights_h5.save(model, path)
        return
    if kind == "safetensors":
        from ..saving import _weights_safetensors

        _weights_safetensors.save(model, path)
        return
    write_npz(path, {_key(i, v): v.data for i, v in enumerate(model.weights)})


def write_npz(path: str, arrays: dict[str, Any]) -> None:
    """Write named arrays to `path`: a file of this folder that takes its place when it is whole."""
    with replacing(path, ".npz") as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)


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


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Read all weights from `filepath`; on any error the model keeps the old ones."""
    path = os.fspath(filepath)
    kind = kind_of(path)
    if kind != "legacy":
        check_weights_path(path)
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no weights yet: build it or call it on data before loading."
        )
    if by_name and kind != "legacy":
        raise ValueError(
            f"`by_name=True` is for Keras's old '.h5' files. Received: filepath={path!r}"
        )
    if skip_mismatch and kind not in ("h5", "safetensors"):
        raise ValueError(
            f"`skip_mismatch=True` is for '.weights.h5' and '.safetensors'. Received: "
            f"filepath={path!r}"
        )
    if kind == "h5":
        from ..saving import _weights_h5

        _weights_h5.load(model, path, skip_mismatch)
    elif kind == "safetensors":
        from ..saving import _weights_safetensors

        _weights_safetensors.load(model, path, skip_mismatch)
    elif kind == "legacy":
        from ..saving import _legacy_h5

        _legacy_h5.load(model, path, by_name)
    else:
        _load_npz(model, path)


def _load_npz(model: Any, path: str) -> None:
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
