"""get_file: downloads that are checked, cached and resumed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from ._archives import extract_archive
from .progress_bar import Progbar

_CHUNK = 1 << 16


def home() -> str:
    """The folder of downloads: Keras's own, so that what Keras has fetched is there too."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


def hash_file(fpath: Any, algorithm: str = "sha256", chunk_size: int = _CHUNK) -> str:
    """The hash of a file in hexadecimal digits.

    Args:
        fpath: Path of the file.
        algorithm: `"sha256"` or `"md5"`.
        chunk_size: Bytes read at a time.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a"
    >>> _ = path.write_bytes(b"abc")
    >>> hash_file(path, "md5")
    '900150983cd24fb0d6963f7d28e17f72'
    """
    import hashlib

    hasher = hashlib.md5(usedforsecurity=False) if algorithm == "md5" else hashlib.sha256()
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            hasher.update(chunk)
    return hasher.hexdigest()


def _has_hash(path: str, wanted: str | None, algorithm: str) -> bool:
    if wanted is None:
        return True
    if algorithm not in ("auto", "sha256", "md5"):
        raise ValueError(
            f"`hash_algorithm` must be 'auto', 'sha256' or 'md5'. Received: {algorithm!r}"
        )
    if algorithm == "auto":
        algorithm = "sha256" if len(wanted) == 64 else "md5"
    return hash_file(path, algorithm) == wanted.lower()


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | None = None,
    force_download: bool = False,
) -> str:
    """Download a file unless it is in the cache, and check it.

    The download goes into a file beside the target, which takes the target's name when it is
    complete and has the right hash; one that was interrupted is gone on with the next time.

    Args:
        fname: Name of the file in the cache; None takes it from the address.
        origin: Address, beginning with `https://`, `http://` or `file://`.
        untar: The same as `extract` with `archive_format="tar"`.
        md5_hash: The same as `file_hash` with `hash_algorithm="md5"`.
        file_hash: The expected hash in hexadecimal digits; None checks nothing.
        cache_subdir: Folder within `cache_dir`. Defaults to `"datasets"`.
        hash_algorithm: `"sha256"`, `"md5"` or `"auto"` (by the length of the hash).
        extract: Whether the file is an archive to be unpacked. Only files and folders that stay
            within the folder are; anything else is an error.
        archive_format: `"tar"`, `"zip"`, a list of them, or `"auto"`.
        cache_dir: Defaults to `$KERAS_HOME` or `~/.keras`, as in Keras.
        force_download: Whether a file in the cache is replaced.

    Returns:
        The path of the file, or of the folder it was unpacked to.

    Raises:
        ConnectionError: the file could not be downloaded, or the download ended early.
        ValueError: no usable `origin` or `fname`, a wrong hash, or an archive that is none.

    Source: `keras.utils.get_file`.

    >>> import minidl, os, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "numbers.txt").write_text("1 2 3")
    >>> address = (folder / "numbers.txt").as_uri()
    >>> path = minidl.utils.get_file("copy.txt", address, cache_dir=str(folder))
    Downloading data from file:///...
    >>> pathlib.Path(path).read_text()
    '1 2 3'
    """
    if origin is None:
        raise ValueError("`origin`, the address of the file, must be given.")
    from urllib.parse import urlsplit  # an import of many parts, left to when it is needed

    address = urlsplit(origin)
    if address.scheme not in ("https", "http", "file"):
        raise ValueError(
            f"`origin` must begin with https://, http:// or file://. Received: origin={origin!r}"
        )
    given = fname
    fname = os.fspath(fname) if fname else os.path.basename(address.path)
    if not fname or fname in (".", "..") or os.sep in fname or "\0" in fname:
        raise ValueError(
            "`fname` must be the name of a file without a folder; `cache_dir` and `cache_subdir` "
            f"say where it lies. Received: fname={fname!r}, origin={origin!r}"
        )
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = os.path.join(os.path.expanduser(cache_dir or home()), cache_subdir)
    os.makedirs(folder, exist_ok=True)
    target = unpacked = os.path.join(folder, fname)
    if extract or untar:  # Keras's names
        if given and "." in fname:
            unpacked = os.path.join(folder, f"{fname[: fname.find('.')]}_extracted")
        else:
            target = os.path.join(folder, f"{fname}_archive")
    if force_download or not (
        os.path.exists(target) and _has_hash(target, file_hash, hash_algorithm)
    ):
        _download(origin, target, file_hash, hash_algorithm, force_download)
    if not (extract or untar):
        return target
    if os.path.isdir(unpacked) and os.path.getmtime(unpacked) >= os.path.getmtime(target):
        return unpacked  # it appears complete or not at all
    if not extract_archive(target, unpacked, "tar" if untar else archive_format):
        raise ValueError(f"'{target}' is no archive of the format {archive_format!r}.")
    return unpacked


def _download(origin: str, target: str, wanted: str | None, algorithm: str, anew: bool) -> None:
    part = f"{target}.part"
    print(f"Downloading data from {origin}", flush=True)
    with _locked(os.path.dirname(target)):
        if not anew and os.path.exists(target) and _has_hash(target, wanted, algorithm):
            return  # another process was faster
        if anew:
            _remove(part)
        resumed = _fetch(origin, part, target)
        if not _has_hash(part, wanted, algorithm) and resumed:
            _remove(part)  # what was there belonged to another file
            _fetch(origin, part, target)
        if not _has_hash(part, wanted, algorithm):
            _remove(part)
            _remove(f"{part}.tag")
            raise ValueError(
                f"The file from {origin} does not have the hash {wanted}: it is damaged or not "
                "the one that was meant. Nothing was kept."
            )
        os.replace(part, target)
        _remove(f"{part}.tag")


def _fetch(origin: str, part: str, target: str) -> bool:
    """Fill the file `part`; whether it went on with what was there."""
    import urllib.error
    import urllib.request

    request = urllib.request.Request(origin, headers={"User-Agent": "minidl"})
    have = os.path.getsize(part) if os.path.exists(part) else 0
    tag = _read(f"{part}.tag")
    if have and tag:  # go on only if the server still has the same file
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", tag)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            resumed = getattr(response, "status", None) == 206
            have = have if resumed else 0
            length = response.headers.get("Content-Length")
            total = have + int(length) if length is not None else None
            if not resumed:
                _remove(part)
                new = response.headers.get("ETag") or response.headers.get("Last-Modified")
                _write(f"{part}.tag", "" if (new or "").startswith("W/") else new or "")
            _receive(response, part, have, total)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # the part is longer than the file
            _remove(part)
            return _fetch(origin, part, target)
        raise ConnectionError(_advice(origin, target, f"{error.code} {error.reason}")) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError, EOFError) as error:
        reason = getattr(error, "reason", error)
        raise ConnectionError(_advice(origin, target, reason)) from None
    return resumed


def _receive(response: Any, part: str, have: int, total: int | None) -> None:
    bar = Progbar(total, unit_name="byte")
    with open(part, "ab") as file:
        while True:
            try:
                chunk = response.read(_CHUNK)
            except Exception as error:  # http.client's own, of a broken connection
                raise EOFError(f"the connection broke off: {error}") from None
            if not chunk:
                break
            file.write(chunk)
            have += len(chunk)
            bar.update(have)
        file.flush()
        os.fsync(file.fileno())
    if total is not None and have < total:
        raise EOFError(f"the download ended after {have} of {total} bytes; call again to go on")


def _advice(origin: str, target: str, reason: Any) -> str:
    return (
        f"{origin} could not be downloaded: {reason}. Without a network, put the file at "
        f"'{target}'."
    )


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[None]:
    """One download into a folder at a time, over all processes."""
    import fcntl

    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
