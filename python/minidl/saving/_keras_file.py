"""Whole models as `.keras` files: a ZIP of config, weights and metadata, as Keras 3 writes it."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import struct
import threading
import zipfile
import zlib
from typing import Any

from .._custom_objects import custom_object_scope
from .._serialize import deserialize_keras_object, serialize_keras_object
from ..layers import Layer
from ..models._weights_file import check_model_path
from . import _h5, _weights_h5
from ._atomic import replacing

_FORMAT = "3.15.0"  # the Keras whose layout this is
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MOST_JSON = 64 << 20  # bytes


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None
) -> None:
    """Write a model with its weights, how it was compiled and the optimizer's state.

    The file opens in Keras 3 too. A save that fails, for whatever reason, leaves the old file.

    Args:
        model: A built model.
        filepath: Path that ends in `.keras`.
        overwrite: Whether an existing file is replaced.
        zipped: None or True; folders are not written.

    Raises:
        ValueError: another suffix, a model that is not built or has no config.
        FileExistsError: the file exists and `overwrite` is False.
        ImportError: h5py is missing.

    Source: `keras.saving.save_model`.

    >>> import minidl, os, tempfile
    >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.keras")
    ...     minidl.saving.save_model(model, path)
    ...     minidl.saving.load_model(path).output_shape
    (None, 2)
    """
    path = check_model_path(filepath)
    if zipped not in (None, True):
        raise ValueError(f"minidl writes archives: `zipped` must be None or True, not {zipped!r}")
    _h5.h5py()
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"'{path}' exists; pass overwrite=True to replace it.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' has no weights yet: build it or call it on data before saving."
        )
    config = json.dumps(serialize_keras_object(model))
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = json.dumps({"keras_version": _FORMAT, "date_saved": now})
    with (
        replacing(path, ".keras") as partial,
        open(partial, "w+b") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(_METADATA, metadata)
        archive.writestr(_CONFIG, config)
        _add_weights(model, archive, file)


def _add_weights(model: Any, archive: zipfile.ZipFile, file: Any) -> None:
    """Write the HDF5 file where it will lie in the archive, so that nothing is written twice.

    The checksum in front of it is taken of what is there, while the disk is still writing it.
    """
    info = zipfile.ZipInfo(_WEIGHTS, archive.filelist[-1].date_time)
    info.external_attr = archive.filelist[-1].external_attr
    info.CRC = 0  # for the length of the header alone
    start = archive.start_dir  # type: ignore[attr-defined]  # where zipfile appends
    begin = start + len(info.FileHeader(zip64=True))
    file.flush()
    _weights_h5.write_into(model, file.fileno(), begin)
    end = os.fstat(file.fileno()).st_size
    on_its_way = threading.Thread(target=_sync, args=(file.fileno(),))
    on_its_way.start()
    try:
        info.CRC = _checksum(file.fileno(), begin, end)
    finally:
        on_its_way.join()
    info.file_size = info.compress_size = end - begin
    info.header_offset = start
    file.seek(start)
    file.write(info.FileHeader(zip64=True))
    file.flush()
    archive.filelist.append(info)
    archive.NameToInfo[_WEIGHTS] = info
    archive.start_dir = end  # type: ignore[attr-defined]


def _sync(handle: int) -> None:
    with contextlib.suppress(OSError):  # `replacing` does it again and tells
        os.fsync(handle)


def _checksum(handle: int, at: int, end: int) -> int:
    buffer, crc = bytearray(1 << 20), 0
    view = memoryview(buffer)
    while at < end:
        count = os.preadv(handle, [view[: end - at]], at)
        if not count:
            raise OSError("the file has become shorter while it was written")
        crc = zlib.crc32(view[:count], crc)
        at += count
    return crc


def load_model(
    filepath: Any,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Read a model that `save_model` or Keras 3 wrote. Nothing in the file is run.

    Args:
        filepath: Path of a `.keras` file.
        custom_objects: Classes and functions of your own, by the names in the file.
        compile: Whether it is compiled as it was, the optimizer's state included.
        safe_mode: Only True: code in files is never run, here or anywhere.

    Raises:
        ValueError: a file that is damaged, or holds what minidl does not know.
        FileNotFoundError: there is no such file. ImportError: h5py is missing.

    Source: `keras.saving.load_model`. See `save_model` for an example.

    >>> import minidl
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
    >>> minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(2)]).save(path)
    >>> minidl.saving.load_model(path).output_shape
    (None, 2)
    """
    path = check_model_path(filepath)
    if safe_mode is not True:
        raise ValueError(
            "minidl never runs code out of files, so `safe_mode` must be True. "
            f"Received: safe_mode={safe_mode!r}. Pass your own classes as `custom_objects`."
        )
    package = _h5.h5py()
    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no file '{path}'")
    try:
        with zipfile.ZipFile(path) as archive:
            config = _json(archive, _CONFIG)
            region = _region(archive, path, _WEIGHTS)
    except (zipfile.BadZipFile, EOFError, KeyError, OSError, struct.error) as error:
        raise ValueError(f"'{path}' is no '.keras' file, or a damaged one: {error}") from None
    except NotImplementedError as error:
        raise ValueError(f"'{path}' is packed in a way that is not read: {error}") from None
    with region:
        if not compile:
            config.pop("compile_config", None)
        with custom_object_scope(custom_objects or {}):
            try:
                model = deserialize_keras_object(config)
            except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
                raise ValueError(
                    f"'{path}' has a config that cannot be read: {type(error).__name__}: {error}"
                ) from error
        if not isinstance(model, Layer):
            raise ValueError(f"'{path}' has a config that is not one of a model")
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None and model.built and not optimizer.built:
            optimizer.build(model.trainable_variables)
        try:
            file = package.File(region, "r")
        except (OSError, RuntimeError, ValueError) as error:
            raise ValueError(f"'{path}' has damaged weights: {error}") from None
        with file:
            handle, begin, size = region.raw.place()  # type: ignore[attr-defined]
            _weights_h5.read(model, _h5.Contents(file, handle, begin, size), path)
    return model


def _json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    info = archive.getinfo(name)
    if info.file_size > _MOST_JSON or info.file_size > 100 * max(info.compress_size, 1):
        raise ValueError(f"'{name}' of {info.file_size} bytes is too large")
    try:
        config = json.loads(archive.read(info).decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"'{name}' is no JSON: {error}") from None
    if not isinstance(config, dict):
        raise ValueError(f"'{name}' is {type(config).__name__}, not an object")
    return config


def _region(archive: zipfile.ZipFile, path: str, name: str) -> io.BufferedReader:
    """A stored member as a file of its own, without a copy of it."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise ValueError(f"'{name}' is compressed; Keras stores it as it is")
    with archive.open(info):  # checks the local header against the directory
        pass
    file = open(path, "rb")  # noqa: SIM115
    file.seek(info.header_offset)
    header = file.read(30)
    begin = info.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
    if begin + info.file_size > os.fstat(file.fileno()).st_size:
        file.close()
        raise ValueError(f"'{name}' is longer than the file")
    return io.BufferedReader(_Region(file, begin, info.file_size))


class _Region(io.RawIOBase):
    """A part of a file, read-only."""

    def __init__(self, file: Any, begin: int, size: int):
        self._file, self._begin, self._size, self._at = file, begin, size, 0

    def place(self) -> tuple[int, int, int]:
        """The system's number of the file, where the part begins, and its size."""
        return self._file.fileno(), self._begin, self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, self._size)[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        count = max(0, min(len(buffer), self._size - self._at))
        self._file.seek(self._begin + self._at)
        read = self._file.readinto(memoryview(buffer)[:count])
        self._at += read
        return read

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
