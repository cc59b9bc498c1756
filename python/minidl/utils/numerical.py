"""Small helpers on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers to one-hot rows.

    Args:
        x: Integers from 0 up, any shape; a last axis of size 1 is dropped.
        num_classes: Number of classes; None for the largest number plus 1.

    Returns:
        Array of shape `(*x.shape, num_classes)` with zeros and ones.

    Raises:
        ValueError: a number is fractional, negative or not below `num_classes`.

    Source: `keras.utils.to_categorical`.

    >>> import minidl
    >>> minidl.utils.to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    x = np.asarray(x)
    labels = x.astype(np.int64)
    if not np.array_equal(labels, x):
        raise ValueError("`x` must hold whole class numbers.")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        num_classes = int(np.max(labels)) + 1 if labels.size else 0
    if labels.size and (np.min(labels) < 0 or np.max(labels) >= num_classes):
        raise ValueError(
            f"Class numbers must lie in [0, {num_classes}). "
            f"Received values from {np.min(labels)} to {np.max(labels)}."
        )
    return np.eye(num_classes)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """Divide by the norm along an axis; zero vectors stay zero.

    Args:
        x: Array.
        axis: Axis of the norm. Defaults to -1.
        order: Order of the norm, 2 for the Euclidean one.

    Returns:
        Array of the same shape.

    Source: `keras.utils.normalize`.

    >>> import minidl
    >>> minidl.utils.normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    x = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return x / np.expand_dims(norm, axis)
