"""HDF5 files, read as if somebody wanted to harm: only plain data that lies in the file itself.

h5py's low-level calls are used: a network has a thousand groups and arrays, and each of the
convenient calls takes as long as reading a small array.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

_MOST_ATTRIBUTE = 1 << 20


def h5py() -> Any:
    """The package, or an error that says what to install."""
    try:
        import h5py
    except ImportError:
        raise ImportError("HDF5 files need the package h5py: pip install 'minidl[h5]'") from None
    return h5py


class Contents:
    """An open HDF5 file whose values are read straight from where they lie.

    Args:
        file: As h5py opened it.
        handle: The system's number of the same file.
        begin, size: The bytes of it that are the HDF5 file.
    """

    def __init__(self, file: Any, handle: int, begin: int, size: int):
        self._package = h5py()
        self.root = self._package.h5g.open(file.id, b"/")
        self._handle, self._begin, self._size = handle, begin, size
        self._plain: dict[str, Any] = {}

    def read(self, data: Any, shape: tuple[int, ...]) -> np.ndarray:
        """The values of a dataset, compared with the shape that is wanted before any is read."""
        low = self._package
        if not isinstance(data, low.h5d.DatasetID):
            raise ValueError(f"'{_name(data)}' is no dataset")
        settings = data.get_create_plist()
        layout = settings.get_layout()
        if layout == low.h5d.VIRTUAL or settings.get_external_count():
            raise ValueError(f"'{_name(data)}' keeps its values in another file, which is refused")
        if data.shape != tuple(shape):
            raise ValueError(
                f"'{_name(data)}' has shape {data.shape}, the model's has {tuple(shape)}"
            )
        dtype = data.dtype
        if dtype.itemsize == 2 and low.Dataset(data).attrs.get("dtype") == "bfloat16":
            bits = np.asarray(low.Dataset(data)[()]).view(np.uint16).astype(np.uint32) << 16
            return bits.view(np.float32)
        if dtype.kind not in "biuf":
            raise ValueError(f"'{_name(data)}' has the dtype {dtype}, which is no number")
        size = math.prod(shape) * dtype.itemsize
        offset = data.get_offset()
        if (
            offset is None
            or layout != low.h5d.CONTIGUOUS
            or data.get_storage_size() != size
            or offset + size > self._size
            or not self._is_plain(data, dtype)
        ):
            return np.asarray(low.Dataset(data)[()])  # HDF5 unpacks, converts, or objects
        values = np.empty(shape, dtype)
        read_fully(self._handle, values, self._begin + offset)
        return values if dtype.isnative else values.astype(dtype.newbyteorder("="))

    def _is_plain(self, data: Any, dtype: np.dtype) -> bool:
        """Whether the bytes in the file are those of NumPy: HDF5 knows stranger numbers."""
        if dtype.kind == "b":
            return False
        if dtype.str not in self._plain:
            self._plain[dtype.str] = self._package.h5t.py_create(dtype)
        return bool(self._plain[dtype.str] == data.get_type())


def read_fully(handle: int, values: np.ndarray, offset: int) -> None:
    """Fill a contiguous array with the bytes that begin at `offset`; ValueError where they end."""
    flat: Any = values.reshape(-1).view(np.uint8)
    view = memoryview(flat)
    while view:
        count = os.preadv(handle, [view], offset)
        if not count:
            raise ValueError("the file has become shorter while it was read")
        view, offset = view[count:], offset + count


def _name(data: Any) -> str:
    return h5py().h5i.get_name(data).decode("utf-8", "replace")


@contextlib.contextmanager
def opened(path: str) -> Iterator[Contents]:
    """The file for reading; ValueError where it is no HDF5 file."""
    package = h5py()
    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no file '{path}'")
    try:
        file = package.File(path, "r", driver="sec2")
    except OSError as error:
        raise ValueError(f"'{path}' is no HDF5 file, or a damaged one: {error}") from None
    with file:
        handle = file.id.get_vfd_handle()
        yield Contents(file, handle, 0, os.fstat(handle).st_size)


def child(group: Any, name: str) -> Any:
    """The member of a group, or None. Links that lead elsewhere are refused, names stay inside."""
    low = h5py()
    for part in name.split("/"):
        if part in ("", ".", ".."):
            raise ValueError(f"'{name}' is no name of a member")
        word = part.encode("utf-8")
        if not isinstance(group, low.h5g.GroupID) or not group.links.exists(word):
            return None
        if group.links.get_info(word).type != low.h5l.TYPE_HARD:
            raise ValueError(f"'{_name(group)}/{part}' is a link to elsewhere, which is refused")
        group = low.h5o.open(group, word)
    return group


def members(group: Any) -> list[str]:
    """The names in a group."""
    if not isinstance(group, h5py().h5g.GroupID):
        raise ValueError(f"'{_name(group)}' is no group")
    return [name.decode("utf-8") for name in group]


def check_heaps(path: str) -> None:
    """ValueError for a damaged heap of texts: HDF5 walks in circles where an entry has no size.

    A heap begins with GCOL, a version and its length; its entries are a number, the length, and the
    bytes, and number 0 is what is free, its length with the 16 bytes before.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        begin = data.find(b"GCOL")
        while begin >= 0:
            end = begin + int.from_bytes(data[begin + 8 : begin + 16], "little")
            at = begin + 16
            if data[begin + 4 : begin + 5] != b"\x01" or end > len(data):
                at = end  # no heap, or one that HDF5 refuses by itself
            while at + 16 <= end:
                number = int.from_bytes(data[at : at + 2], "little")
                length = int.from_bytes(data[at + 8 : at + 16], "little")
                step = 16 + -(-length // 8) * 8 if number else length
                if step < 16 or at + step > end:
                    raise ValueError(f"'{path}' has a damaged heap of texts at byte {at}")
                at += step
            begin = data.find(b"GCOL", begin + 4)


def strings(group: Any, name: str) -> list[str]:
    """A list of names in the attributes, which Keras splits into `name0`, `name1`, ... if long."""
    if not isinstance(group, h5py().h5g.GroupID):
        raise ValueError(f"'{_name(group)}' is no group")
    attributes = h5py().Group(group).attrs
    if name in attributes:
        parts = [_attribute(attributes, name)]
    else:
        parts = []
        while f"{name}{len(parts)}" in attributes:
            parts.append(_attribute(attributes, f"{name}{len(parts)}"))
    found = [s for part in parts for s in np.asarray(part).reshape(-1).tolist()]
    return [s.decode("utf-8") if isinstance(s, bytes) else str(s) for s in found]


def _attribute(attributes: Any, name: str) -> Any:
    """Its value; attributes in the usual form have at most 64 KiB."""
    stored = attributes.get_id(name)  # its own word on storage is an error where there is none
    size = math.prod(stored.shape or ()) * max(stored.dtype.itemsize, 8)
    if size > _MOST_ATTRIBUTE:
        raise ValueError(f"attribute '{name}' claims {size} bytes")
    return attributes[name]


class Room:
    """What h5py may write to: an open file from `begin` on.

    HDF5 does not survive a write that fails (it cannot close the file and the process may crash
    at its end), so it is told that all went well; who made this looks at `error` afterwards.
    """

    def __init__(self, handle: int, begin: int):
        self.error: OSError | None = None
        self._handle, self._begin, self._at = handle, begin, 0
        self._size = max(0, os.fstat(handle).st_size - begin)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int) -> bytes:  # h5py knows a file by this method
        raise NotImplementedError

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        total, at = len(view), self._begin + self._at
        try:
            while view and self.error is None:
                count = os.pwrite(self._handle, view, at)
                view, at = view[count:], at + count
        except OSError as error:
            self.error = error
        self._at += total
        self._size = max(self._size, self._at)
        return total

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        try:
            count = os.preadv(self._handle, [view], self._begin + self._at)
        except OSError as error:
            self.error, count = self.error or error, 0
        view[count:] = bytes(len(view) - count)
        self._at += len(view)
        return len(view)

    def truncate(self, size: int) -> int:
        try:
            os.ftruncate(self._handle, self._begin + size)
        except OSError as error:
            self.error = self.error or error
        self._size = size
        return size

    def flush(self) -> None:
        pass


class Writer:
    """Groups and arrays into a file that h5py has opened."""

    def __init__(self, file: Any):
        low = self._package = h5py()
        self._root = low.h5g.open(file.id, b"/")
        self._between = low.h5p.create(low.h5p.LINK_CREATE)
        self._between.set_create_intermediate_group(True)
        self._settings = low.h5p.create(low.h5p.DATASET_CREATE)
        self._settings.set_obj_track_times(False)  # the same weights, the same bytes
        self._text = low.h5t.py_create(low.string_dtype(), logical=True)
        self._one = low.h5s.create(low.h5s.SCALAR)

    def group(self, path: str, name: str | None) -> Any:
        """A new group, with the text `name` as an attribute."""
        low = self._package
        group = low.h5g.create(self._root, path.encode("utf-8"), lcpl=self._between)
        if name is not None:
            attribute = low.h5a.create(group, b"name", self._text, self._one)
            attribute.write(np.array(name, dtype=low.string_dtype()))
        return group

    def array(self, group: Any, name: str, values: Any) -> None:
        """An array as it is, without a copy where it is contiguous."""
        low = self._package
        values = np.asarray(values)
        if values.dtype.kind not in "iuf":
            low.Group(group).create_dataset(name, data=values)
            return
        values = values if values.flags.c_contiguous else values.copy(order="C")
        space = low.h5s.create_simple(values.shape) if values.ndim else self._one
        kind = low.h5t.py_create(values.dtype, logical=True)
        data = low.h5d.create(group, name.encode("utf-8"), kind, space, self._settings)
        if values.size:
            data.write(low.h5s.ALL, low.h5s.ALL, values)
