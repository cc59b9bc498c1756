"""MNIST: 70,000 handwritten digits of 28x28 pixels (LeCun, Cortes, Burges; CC BY-SA 3.0)."""

from __future__ import annotations

import numpy as np

from ._fetch import fetch

HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> tuple:
    """The digits, downloaded once (11 MB).

    Args:
        path: Name of the file in the cache.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape `(60000, 28, 28)` and
        `(10000, 28, 28)`, labels uint8 from 0 to 9.

    Raises:
        ConnectionError: the file is not in the cache and could not be downloaded.

    Source: `keras.datasets.mnist.load_data`.

    >>> import minidl
    >>> (x, y), (x_test, y_test) = minidl.datasets.mnist.load_data()  # doctest: +SKIP
    """
    with np.load(fetch("mnist.npz", HASH, path), allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
