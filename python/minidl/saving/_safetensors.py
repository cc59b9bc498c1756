"""safetensors files as dicts of arrays. The package checks the header; what it declares is compared
with the file and with what is wanted before memory is asked for.
"""

from __future__ import annotations

import json
import math
import os
import struct
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ._atomic import replacing

_MOST_HEADER = 16 << 20  # bytes; a network of 100,000 tensors has less
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip


def package() -> Any:
    """safetensors, or an error that says what to install."""
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            "safetensors files need the package safetensors: pip install 'minidl[safetensors]'"
        ) from None
    return safetensors


class Entry(NamedTuple):
    """Where a tensor lies in a file, and what it is."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    size: int


class Reader:
    """An open file whose tensors can be read one by one; close it, or use it in `with`.

    Raises:
        FileNotFoundError: there is no such file. ValueError: it is damaged, or none of this kind.
    """

    def __init__(self, path: Any):
        self.path = os.fspath(path)
        known = package()
        if not os.path.isfile(self.path):
            raise FileNotFoundError(f"there is no file '{self.path}'")
        self._file = open(self.path, "rb")  # noqa: SIM115
        try:
            self.entries, self.metadata = _header(self._file)
            with known.safe_open(self.path, framework="np") as checked:
                if set(checked.keys()) != set(self.entries):
                    raise ValueError("its header can be read in two ways")
        except (ValueError, OSError, known.SafetensorError) as error:
            self._file.close()
            raise ValueError(
                f"'{self.path}' is no safetensors file, or a damaged one: {error}"
            ) from None

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
        """One tensor; with `shape`, ValueError for another one. bfloat16 becomes float32."""
        entry = self.entries[name]
        if shape is not None and entry.shape != tuple(shape):
            raise ValueError(f"'{name}' has shape {entry.shape}, the model's has {tuple(shape)}")
        array = np.empty(entry.shape, _DTYPES[entry.dtype])
        bytes_of: Any = array.reshape(-1).view(np.uint8)
        self._file.seek(entry.begin)
        if entry.size and self._file.readinto(bytes_of) != entry.size:
            raise ValueError(f"'{self.path}' ends within '{name}'")
        if entry.dtype == "BF16":
            return (array.astype(np.uint32) << 16).view(np.float32)
        if entry.dtype == "BOOL":  # any byte but 0 and 1 would be a bool that is neither
            return array.view(np.uint8) != 0
        return array if sys.byteorder == "little" else array.astype(array.dtype.newbyteorder("="))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def _header(file: Any) -> tuple[dict[str, Entry], dict[str, str]]:
    total = os.fstat(file.fileno()).st_size
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else total
    if length + 8 > total:
        raise ValueError("it is shorter than its header")
    if length > _MOST_HEADER:
        raise ValueError(f"its header of {length} bytes is longer than {_MOST_HEADER}")
    try:
        header = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=_once)
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("'__metadata__' must hold text only")
    entries = {name: _entry(name, value, 8 + length, total) for name, value in header.items()}
    at = 8 + length  # the tensors lie one after the other: no gaps, nothing twice
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].size)):
        if entry.begin != at:
            raise ValueError(f"'{name}' does not begin where the tensor before it ends")
        at += entry.size
    if at != total:
        raise ValueError(f"its tensors end at byte {at} of {total}")
    return entries, metadata


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in its header")
    return found


def _entry(name: str, value: Any, base: int, total: int) -> Entry:
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"'{name}' must have dtype, shape and data_offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise ValueError(f"'{name}' has dtype {dtype!r}, which is none of {', '.join(_DTYPES)}")
    if not _counts(shape) or len(shape) > 32:
        raise ValueError(f"'{name}' has no usable shape")
    if not _counts(offsets) or len(offsets) != 2 or offsets[1] < offsets[0]:
        raise ValueError(f"'{name}' has no usable offsets")
    size = offsets[1] - offsets[0]
    if base + offsets[1] > total:
        raise ValueError(f"'{name}' ends outside the file")
    if math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize != size:
        raise ValueError(f"'{name}' of shape {tuple(shape)} and {dtype} is not of {size} bytes")
    return Entry(dtype, tuple(shape), base + offsets[0], size)


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(n) is int and 0 <= n < 1 << 63 for n in values)


def load_safetensors(filepath: Any) -> dict[str, np.ndarray]:
    """Read all tensors of a safetensors file. Nothing in the file is run.

    Args:
        filepath: Path of the file.

    Returns:
        Arrays by name, in the order of the file's header. bfloat16 becomes float32, exactly.

    Raises:
        ValueError: a damaged file, or a dtype that is not bool, integer, float16 to float64 or
            bfloat16. FileNotFoundError: there is no such file.
        ImportError: the package safetensors is missing.

    Source: the safetensors format, https://github.com/huggingface/safetensors.

    >>> import numpy as np, os, tempfile
    >>> from minidl.saving import load_safetensors, save_safetensors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.safetensors")
    ...     save_safetensors(path, {"x": np.arange(3.0)})
    ...     load_safetensors(path)
    {'x': array([0., 1., 2.])}
    """
    with Reader(filepath) as reader:
        return {name: reader.read(name) for name in reader.entries}


def save_safetensors(
    filepath: Any, tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> None:
    """Write named arrays to a safetensors file; a crash leaves the old file whole.

    Args:
        filepath: Path of the file.
        tensors: Arrays (or tensors of minidl) by name: bool, integers, float16 to float64.
        metadata: Text by name, kept in the file's header.

    Raises:
        TypeError: another dtype, or a name or metadata that is no text.
        ImportError: the package safetensors is missing.

    Source: the safetensors format. See `load_safetensors` for an example.

    >>> import minidl
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.safetensors")
    >>> minidl.saving.save_safetensors(path, {"w": np.ones((2, 3), "float32")})
    >>> minidl.saving.load_safetensors(path)["w"].shape
    (2, 3)
    """
    path = os.fspath(filepath)
    known = package()
    arrays = {}
    for name, value in tensors.items():
        array = np.asarray(getattr(value, "data", value) if hasattr(value, "_bump_version")
                           else value)  # fmt: skip
        if not isinstance(name, str):
            raise TypeError(f"names of tensors must be text. Received: {name!r}")
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise TypeError(f"'{name}' has dtype {array.dtype}, which is not written")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
    about = dict(metadata or {})
    if not all(isinstance(text, str) for pair in about.items() for text in pair):
        raise TypeError(f"`metadata` must hold text by name. Received: {metadata!r}")
    with replacing(path, ".safetensors") as partial:
        try:
            known.numpy.save_file(arrays, partial, metadata=about or None)
        except known.SafetensorError as error:
            raise OSError(f"'{path}' cannot be written: {error}") from None
