"""Hinge losses as functions: margins between right and wrong answers."""

from __future__ import annotations

from .. import ops
from .functions import fitting


def _margins(name, y_true, y_pred):
    """`max(1 - y_true * y_pred, 0)`, targets of 0 and 1 turned into -1 and 1."""
    y_true, y_pred = fitting(name, y_true, y_pred)
    values = y_true.data
    if ((values == 0) | (values == 1)).all():
        y_true = y_true * 2.0 - 1.0
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def hinge(y_true, y_pred):
    """Mean of `max(1 - y_true * y_pred, 0)` over the last axis.

    Args:
        y_true: Targets -1 and 1, or 0 and 1, shape `(batch, ...)`.
        y_pred: Predictions of the same shape.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.hinge`.

    >>> import minidl
    >>> minidl.losses.hinge([[1, -1]], [[0.5, -2.0]]).numpy()
    array([0.25], dtype=float32)
    """
    return ops.mean(_margins("hinge", y_true, y_pred), axis=-1)


def squared_hinge(y_true, y_pred):
    """Mean of `max(1 - y_true * y_pred, 0)**2` over the last axis.

    Args:
        y_true: Targets -1 and 1, or 0 and 1, shape `(batch, ...)`.
        y_pred: Predictions of the same shape.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.squared_hinge`.

    >>> import minidl
    >>> minidl.losses.squared_hinge([[1, -1]], [[0.5, -2.0]]).numpy()
    array([0.125], dtype=float32)
    """
    return ops.mean(ops.square(_margins("squared_hinge", y_true, y_pred)), axis=-1)


def categorical_hinge(y_true, y_pred):
    """How far the best wrong class comes within 1 of the right one, or passes it.

    Args:
        y_true: One-hot targets, shape `(batch, ..., classes)`.
        y_pred: Predictions of the same shape.

    Returns:
        Tensor of shape `(batch, ...)`.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.categorical_hinge`.

    >>> import minidl
    >>> minidl.losses.categorical_hinge([[0, 1]], [[0.5, 0.75]]).numpy()
    array([0.75], dtype=float32)
    """
    y_true, y_pred = fitting("categorical_hinge", y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)
