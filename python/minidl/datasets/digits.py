"""Handwritten digits: 1,797 images of 8x8 pixels, real ones, inside the package.

The test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak, UCI
Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49, licensed CC BY 4.0; see
`digits.LICENSE` beside the data.
"""

from __future__ import annotations

import os

import numpy as np

_FILE = os.path.join(os.path.dirname(__file__), "digits.npz")


def load_data(test_split: float = 0.2, seed: int = 113) -> tuple:
    """The digits, shuffled once and split.

    Args:
        test_split: Share of the images in the second part, in (0, 1). Defaults to 0.2.
        seed: Seed of the shuffle. Defaults to 113.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape `(n, 8, 8)` with values from
        0 to 16, labels uint8 of shape `(n,)` from 0 to 9.

    Raises:
        ValueError: `test_split` lies outside (0, 1).

    >>> import minidl
    >>> (x, y), (x_test, y_test) = minidl.datasets.digits.load_data()
    >>> x.shape, x_test.shape, int(x.max())
    ((1437, 8, 8), (360, 8, 8), 16)
    """
    if not 0 < test_split < 1:
        raise ValueError(f"`test_split` must lie in (0, 1). Received: test_split={test_split}")
    with np.load(_FILE, allow_pickle=False) as file:
        x, y = file["x"], file["y"]
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(x))
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
