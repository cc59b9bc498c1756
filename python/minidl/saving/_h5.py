"""HDF5 files, read as if somebody wanted to harm: only plain data that lies in the file itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np


def h5py() -> Any:
    """The package, or an error that says what to install."""
    try:
        import h5py
    except ImportError:
        raise ImportError("HDF5 files need the package h5py: pip install 'minidl[h5]'") from None
    return h5py


@contextlib.contextmanager
def opened(path: str) -> Iterator[Any]:
    """The file for reading; ValueError where it is no HDF5 file."""
    package = h5py()
    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no file '{path}'")
    try:
        file = package.File(path, "r")
    except OSError as error:
        raise ValueError(f"'{path}' is no HDF5 file, or a damaged one: {error}") from None
    with file:
        yield file


def child(group: Any, name: str) -> Any:
    """The member of a group, or None. Links that lead elsewhere are refused, names stay inside."""
    package = h5py()
    for part in name.split("/"):
        if part in ("", ".", ".."):
            raise ValueError(f"'{name}' is no name of a member")
        link = group.get(part, getlink=True) if isinstance(group, package.Group) else None
        if link is None:
            return None
        if not isinstance(link, package.HardLink):
            raise ValueError(f"'{group.name}/{part}' is a link to elsewhere, which is refused")
        group = group[part]
    return group


def read(data: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The values of a dataset, compared with the shape that is wanted before any is read."""
    package = h5py()
    if not isinstance(data, package.Dataset):
        raise ValueError(f"'{getattr(data, 'name', data)}' is no dataset")
    if data.is_virtual or data.external:
        raise ValueError(f"'{data.name}' keeps its values in another file, which is refused")
    if data.shape != tuple(shape):
        raise ValueError(f"'{data.name}' has shape {data.shape}, the model's has {tuple(shape)}")
    if data.attrs.get("dtype") == "bfloat16" and data.dtype.itemsize == 2:
        bits = np.asarray(data[()]).view(np.uint16).astype(np.uint32) << 16
        return bits.view(np.float32)
    if data.dtype.kind not in "biuf":
        raise ValueError(f"'{data.name}' has the dtype {data.dtype}, which is no number")
    return np.asarray(data[()])


def strings(group: Any, name: str) -> list[str]:
    """A list of names in the attributes, which Keras splits into `name0`, `name1`, ... if long."""
    if name in group.attrs:
        parts = [group.attrs[name]]
    else:
        parts = []
        while f"{name}{len(parts)}" in group.attrs:
            parts.append(group.attrs[f"{name}{len(parts)}"])
    found = [s for part in parts for s in np.asarray(part).reshape(-1).tolist()]
    return [s.decode("utf-8") if isinstance(s, bytes) else str(s) for s in found]
