"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_float, record, wrap
from minidl.ops._checks import read_number
from minidl.ops._typing import TensorLike


def dropout(
    inputs: TensorLike, rate: float, seed: int, noise_shape: Sequence[int | None] | None = None
) -> Tensor:
    """Set elements to zero at random and scale the others, so that the sum is kept on average.

    Args:
        inputs: float tensor of any shape.
        rate: the share of zeros, in [0, 1).
        seed: integer; the same one gives the same zeros, at any number of threads.
        noise_shape: the shape of the random mask, which broadcasts to the inputs; None entries
            stand for their sizes.

    Returns:
        A tensor of the same shape. It can be differentiated twice.

    Raises:
        ValueError: if the rate is not in [0, 1).

    Source: `keras.random.dropout`.

    >>> float(dropout([1.0, 1.0], rate=0.0, seed=1)[0])
    1.0
    """
    x = as_float(inputs)
    rate = read_number(rate, "rate", "dropout")
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: `rate` must be in [0, 1). Received: rate={rate}")
    seed = int(seed) & 0x7FFFFFFFFFFFFFFF
    if noise_shape is None:
        return _dropout(x, rate, seed)
    shape = tuple(n if m is None else m for n, m in zip(x.shape, noise_shape, strict=True))
    return x * wrap(_core.dropout(np.ones(shape, x.dtype), rate, seed))


def _dropout(x: Tensor, rate: float, seed: int) -> Tensor:
    return record(_core.dropout(x.data, rate, seed), (x,), (lambda dy: _dropout(dy, rate, seed),))
