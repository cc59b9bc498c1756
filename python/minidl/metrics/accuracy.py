"""Shares of right answers."""

from __future__ import annotations

import numpy as np

from .reduction import MeanMetricWrapper, as_array, masked_weight


def _same_rank(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        if y_pred.ndim == 1:
            return y_true, y_pred[..., None]
        return y_true[..., 0], y_pred
    if y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        if y_true.ndim == 1:
            return y_true[..., None], y_pred
        return y_true, y_pred[..., 0]
    return y_true, y_pred


def accuracy(y_true, y_pred):
    """Where predictions equal targets.

    Source: `keras.metrics.Accuracy`.
    """
    y_true, y_pred = _same_rank(as_array(y_true), as_array(y_pred))
    return y_true == y_pred


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Where `y_pred > threshold` equals the target.

    Source: `keras.metrics.binary_accuracy`.
    """
    y_true, y_pred = _same_rank(as_array(y_true), as_array(y_pred))
    return y_true == (y_pred > threshold)


def categorical_accuracy(y_true, y_pred):
    """Where the largest prediction stands at the one of the one-hot target.

    Source: `keras.metrics.categorical_accuracy`.
    """
    return as_array(y_true).argmax(-1) == as_array(y_pred).argmax(-1)


def sparse_categorical_accuracy(y_true, y_pred):
    """Where the largest prediction stands at the target's class number.

    Source: `keras.metrics.sparse_categorical_accuracy`.
    """
    y_true, y_pred = as_array(y_true), as_array(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    return y_true == y_pred.argmax(-1)


class _AccuracyMetric(MeanMetricWrapper):
    _direction = "up"

    def update_state(self, y_true, y_pred, sample_weight=None):
        right = self._fn(y_true, y_pred, **self._fn_kwargs)
        sample_weight = masked_weight(y_pred, sample_weight)
        if sample_weight is None and right.ndim == 1:  # the common case, at its cheapest
            self.total += int(np.count_nonzero(right))
            self.count += right.shape[0]
        else:
            super(MeanMetricWrapper, self).update_state(right, sample_weight)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


class Accuracy(_AccuracyMetric):
    """Share of predictions equal to their target.

    Args:
        name: Defaults to `"accuracy"`.
        dtype: See `Metric`.

    Source: `keras.metrics.Accuracy`.

    >>> import minidl
    >>> float(minidl.metrics.Accuracy()([[1], [2], [3], [4]], [[0], [2], [3], [4]]))
    0.75
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(_AccuracyMetric):
    """Share of right binary predictions.

    Args:
        name: Defaults to `"binary_accuracy"`.
        dtype: See `Metric`.
        threshold: Predictions above it count as 1. Defaults to 0.5.

    Raises:
        ValueError: the threshold lies outside [0, 1].

    Source: `keras.metrics.BinaryAccuracy`.

    >>> import minidl
    >>> float(minidl.metrics.BinaryAccuracy()([[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]]))
    0.75
    """

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        if not 0 <= threshold <= 1:
            raise ValueError(f"`threshold` must lie in [0, 1]. Received: threshold={threshold}")
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


class CategoricalAccuracy(_AccuracyMetric):
    """Share of right predictions for one-hot targets.

    Args:
        name: Defaults to `"categorical_accuracy"`.
        dtype: See `Metric`.

    Source: `keras.metrics.CategoricalAccuracy`.

    >>> import minidl
    >>> m = minidl.metrics.CategoricalAccuracy()
    >>> float(m([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
    0.5
    """

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(_AccuracyMetric):
    """Share of right predictions for class numbers.

    Args:
        name: Defaults to `"sparse_categorical_accuracy"`.
        dtype: See `Metric`.

    Source: `keras.metrics.SparseCategoricalAccuracy`.

    >>> import minidl
    >>> m = minidl.metrics.SparseCategoricalAccuracy()
    >>> float(m([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]]))
    0.5
    """

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)
