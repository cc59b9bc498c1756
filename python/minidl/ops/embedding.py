"""Rows of a table by index."""

from __future__ import annotations

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_float, as_tensor, record
from minidl.ops._typing import TensorLike


def embedding(table: TensorLike, indices: TensorLike) -> Tensor:
    """The rows of a table at the given indices.

    The gradient writes each of its rows once, and reads only those of the indices; rows that are
    used several times add up in the order of their uses.

    Args:
        table: float tensor of shape (rows, width).
        indices: integer tensor of any shape, with values in [0, rows).

    Returns:
        A tensor of the indices' shape and one more axis, of `width`. It can be differentiated
        twice.

    Raises:
        IndexError: if an index lies outside.
        TypeError: if the indices are no integers.
        ValueError: if the table has not two axes.

    Source: the call of `keras.layers.Embedding`.

    >>> embedding([[1.0, 2.0], [3.0, 4.0]], [1, 0])
    Tensor([[3., 4.],
            [1., 2.]], shape=(2, 2), dtype=float32)
    """
    table, picks = as_float(table), as_tensor(indices).data
    if table.ndim != 2:
        raise ValueError(
            f"embedding: table must have 2 axes (rows, width). Received: shape {table.shape}"
        )
    if picks.dtype.kind not in "iu":
        raise TypeError(f"embedding: indices must be integers. Received: dtype {picks.dtype}")
    return _embedding(table, picks)


def _embedding(table: Tensor, picks: np.ndarray) -> Tensor:
    rows = table.shape[0]
    return record(
        _core.embedding(table.data, picks),
        (table,),
        (lambda dy: _embedding_grad(dy, picks, rows),),
    )


def _embedding_grad(dy: Tensor, picks: np.ndarray, rows: int) -> Tensor:
    """The gradient for the table: linear in dy, so its gradient is the look-up again."""
    return record(
        _core.embedding_grad(dy.data, picks, rows), (dy,), (lambda ddt: _embedding(ddt, picks),)
    )
