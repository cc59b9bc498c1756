"""Fashion-MNIST: 70,000 pictures of clothes, 28x28 pixels (Zalando Research, MIT licence)."""

from __future__ import annotations

import os

from ._fetch import fetch, read_idx

# Keras checks no hashes here; those of Zalando's repository hold for the same files (MD5).
FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


def load_data() -> tuple:
    """The pictures, downloaded once (31 MB).

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape `(60000, 28, 28)` and
        `(10000, 28, 28)`, labels uint8: 0 T-shirt, 1 trouser, 2 pullover, 3 dress, 4 coat,
        5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.

    Raises:
        ConnectionError: a file is not in the cache and could not be downloaded.

    Source: `keras.datasets.fashion_mnist.load_data`.

    >>> import minidl
    >>> (x, y), _ = minidl.datasets.fashion_mnist.load_data()  # doctest: +SKIP
    """
    folder = os.path.join("datasets", "fashion-mnist")
    arrays = [
        read_idx(fetch(name, md5, cache_subdir=folder), 3 if "images" in name else 1)
        for name, md5 in FILES.items()
    ]
    return (arrays[0], arrays[1]), (arrays[2], arrays[3])
