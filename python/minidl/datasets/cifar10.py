"""CIFAR-10: 60,000 colour photographs of ten kinds of things, 32x32 pixels (A. Krizhevsky 2009)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..utils import files
from ._plain_pickle import read_plain

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> tuple:
    """The photographs, downloaded once (170 MB).

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)`, labels uint8 of shape `(n, 1)`: 0 airplane, 1 automobile, 2 bird,
        3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.

    Raises:
        ConnectionError: the file is not in the cache and could not be downloaded.
        ValueError: its parts hold anything but images and labels.

    Source: `keras.datasets.cifar10.load_data`. The parts are pickles; they are read by a reader
    of plain data, which runs nothing.

    >>> import minidl
    >>> (x, y), (x_test, y_test) = minidl.datasets.cifar10.load_data()  # doctest: +SKIP
    """
    folder = files.get_file("cifar-10-batches-py-target", ORIGIN, extract=True, file_hash=HASH)
    folder = os.path.join(folder, "cifar-10-batches-py")
    parts = [_read(os.path.join(folder, f"data_batch_{i}")) for i in range(1, 6)]
    x = np.concatenate([x for x, _ in parts])
    y = np.concatenate([y for _, y in parts])
    return (x, y), _read(os.path.join(folder, "test_batch"))


def _read(path: str) -> tuple[np.ndarray, np.ndarray]:
    with open(path, "rb") as file:
        content: Any = read_plain(file.read(), path)
    if not isinstance(content, dict):
        raise ValueError(f"'{path}' holds no images.")
    entries = {k.decode() if isinstance(k, bytes) else k: v for k, v in content.items()}
    x, labels = entries.get("data"), entries.get("labels")
    if not isinstance(x, np.ndarray) or x.dtype != np.uint8 or x.shape[1:] != (3072,):
        raise ValueError(f"'{path}' holds no images of 3 x 32 x 32 bytes.")
    y = np.array(labels, np.uint8).reshape(-1, 1)
    if len(y) != len(x):
        raise ValueError(f"'{path}' holds {len(x)} images, but {len(y)} labels.")
    return np.ascontiguousarray(x.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), y
