"""Archives unpacked into a folder, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Any


def extract_archive(file_path: str, path: str = ".", archive_format: Any = "auto") -> bool:
    """Unpack an archive; the folder appears complete or not at all.

    Args:
        file_path: The archive.
        path: The folder to be made.
        archive_format: `"tar"`, `"zip"`, a list of them, `"auto"`, or None for nothing to do.

    Returns:
        Whether the file is an archive of such a format.

    Raises:
        ValueError: an unknown format, or an entry that is no plain file or lies outside.

    >>> import pathlib, tempfile, zipfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with zipfile.ZipFile(folder / "a.zip", "w") as file:
    ...     file.writestr("a.txt", "text")
    >>> extract_archive(folder / "a.zip", folder)
    True
    >>> (folder / "a.txt").read_text()
    'text'
    """
    import tarfile
    import zipfile

    if archive_format is None:
        return False
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format
    for kind in [formats] if isinstance(formats, str) else formats:
        if kind not in ("tar", "zip"):
            raise ValueError(f"`archive_format` must be 'tar' or 'zip'. Received: {kind!r}")
        if (tarfile.is_tarfile if kind == "tar" else zipfile.is_zipfile)(file_path):
            _extract(file_path, path, _tar_entries if kind == "tar" else _zip_entries)
            return True
    return False


def _extract(file_path: str, path: str, entries: Any) -> None:
    import shutil

    path = os.path.abspath(path)
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(f"'{path}', the folder to unpack to, is a file.")
    fresh = f"{path}.unpacking-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    try:
        for name, source in entries(file_path):
            place = _inside(fresh, name, file_path)
            if source is None:
                os.makedirs(place, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with source, open(place, "wb") as out:
                shutil.copyfileobj(source, out)
        if os.path.isdir(path):
            shutil.rmtree(path)
        os.replace(fresh, path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _inside(folder: str, name: str, file_path: str) -> str:
    """The place of an entry within `folder`."""
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise ValueError(
            f"The archive '{file_path}' holds an entry that lies outside the folder it is "
            f"unpacked to: {name!r}. Nothing was unpacked."
        )
    return os.path.join(folder, *(p for p in parts if p not in ("", ".")))


def _refuse(file_path: str, name: str) -> ValueError:
    return ValueError(
        f"The archive '{file_path}' holds an entry that is no plain file: {name!r} (a link or a "
        "device). Nothing was unpacked."
    )


def _tar_entries(file_path: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    import tarfile

    with tarfile.open(file_path) as archive:
        for member in archive:
            if member.isdir():
                yield member.name, None
            elif member.isreg():
                yield member.name, archive.extractfile(member)
            else:
                raise _refuse(file_path, member.name)


def _zip_entries(file_path: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    import stat
    import zipfile

    with zipfile.ZipFile(file_path) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refuse(file_path, info.filename)
            yield info.filename, None if info.is_dir() else archive.open(info)
