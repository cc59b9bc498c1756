"""Where the public data sets come from: Keras's addresses."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np

from ..utils import files

FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(name: str, file_hash: str | None, path: str | None = None, **options: Any) -> str:
    """The path of a file of Keras's folder, downloaded if need be."""
    return files.get_file(path or name, FOLDER + name, file_hash=file_hash, **options)


def read_idx(path: str, axes: int) -> np.ndarray:
    """The bytes of a gzipped IDX file, the format of the MNIST family.

    Raises:
        ValueError: it is no such file, or shorter or longer than it says.
    """
    with gzip.open(path, "rb") as file:
        data = file.read()
    head = 4 * (axes + 1)
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, head, 4))
    size = int(np.prod(shape, dtype=object)) if len(data) >= head else -1
    if data[:4] != bytes((0, 0, 8, axes)) or len(data) - head != size:
        raise ValueError(f"'{path}' is no IDX file of bytes with {axes} axes, or is damaged.")
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)
