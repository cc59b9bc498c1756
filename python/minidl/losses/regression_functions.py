"""Regression losses as functions: one value per sample, the mean over the last axis."""

from __future__ import annotations

import math

from .. import ops
from ..config import epsilon
from .functions import fitting


def mean_absolute_percentage_error(y_true, y_pred):
    """100 times the mean of |difference| / |target| over the last axis.

    Args:
        y_true: Targets, shape `(batch, ...)`; 0 counts as `config.epsilon()`.
        y_pred: Predictions of the same shape.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.mean_absolute_percentage_error`.

    >>> import minidl
    >>> minidl.losses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]]).numpy()
    array([37.5], dtype=float32)
    """
    y_true, y_pred = fitting("mean_absolute_percentage_error", y_true, y_pred)
    size = ops.maximum(ops.absolute(y_true), epsilon())
    return ops.mean(ops.absolute((y_true - y_pred) / size), axis=-1) * 100.0


def mean_squared_logarithmic_error(y_true, y_pred):
    """Mean of (log(1 + target) - log(1 + prediction))**2 over the last axis.

    Args:
        y_true: Targets, shape `(batch, ...)`; what lies below `config.epsilon()` counts as that.
        y_pred: Predictions of the same shape, likewise.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.mean_squared_logarithmic_error`.

    >>> import minidl
    >>> loss = minidl.losses.mean_squared_logarithmic_error([[0.0, 1.0]], [[1.0, 1.0]])
    >>> loss.numpy().round(4)
    array([0.2402], dtype=float32)
    """
    y_true, y_pred = fitting("mean_squared_logarithmic_error", y_true, y_pred)
    logs = [ops.log1p(ops.maximum(y, epsilon())) for y in (y_pred, y_true)]
    return ops.mean(ops.square(logs[0] - logs[1]), axis=-1)


def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between targets and predictions: -1 where they agree.

    Args:
        y_true: Targets, shape `(batch, ...)`.
        y_pred: Predictions of the same shape.
        axis: Axis of the vectors. Defaults to -1.

    Returns:
        Tensor of shape `(batch, ...)` without `axis`; 0 where a vector is 0.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.cosine_similarity`.

    >>> import minidl
    >>> minidl.losses.cosine_similarity([[0.0, 2.0]], [[0.0, 3.0]]).numpy()
    array([-1.], dtype=float32)
    """
    y_true, y_pred = fitting("cosine_similarity", y_true, y_pred)
    y_true, y_pred = (ops.normalize(y, axis=axis) for y in (y_true, y_pred))
    return ops.negative(ops.sum(y_true * y_pred, axis=axis))


def huber(y_true, y_pred, delta=1.0):
    """Squares up to `delta`, straight lines beyond: outliers weigh less.

    Args:
        y_true: Targets, shape `(batch, ...)`.
        y_pred: Predictions of the same shape.
        delta: Where the square ends. Defaults to 1.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.huber`; Huber 1964.

    >>> import minidl
    >>> minidl.losses.huber([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
    array([1.5], dtype=float32)
    """
    y_true, y_pred = fitting("huber", y_true, y_pred)
    size = ops.absolute(y_pred - y_true)
    # min keeps the square of an outlier finite, whose gradient would be NaN
    square = 0.5 * ops.square(ops.minimum(size, delta))
    return ops.mean(ops.where(size <= delta, square, delta * size - 0.5 * delta**2), axis=-1)


def log_cosh(y_true, y_pred):
    """Mean of log(cosh(difference)) over the last axis: like squares near 0, like lines afar.

    Args:
        y_true: Targets, shape `(batch, ...)`.
        y_pred: Predictions of the same shape.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.log_cosh`.

    >>> import minidl
    >>> minidl.losses.log_cosh([[0.0, 0.0]], [[1.0, 0.0]]).numpy().round(4)
    array([0.2169], dtype=float32)
    """
    y_true, y_pred = fitting("log_cosh", y_true, y_pred)
    x = y_pred - y_true
    return ops.mean(x + ops.softplus(x * -2.0) - math.log(2.0), axis=-1)
