"""Shares of right answers."""

from __future__ import annotations

import numpy as np

from .._tape import Tensor
from ..config import floatx
from .reduction import MeanMetricWrapper, as_array, masked_weight


def same_rank(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keras's rule: a trailing axis of size 1 is added or dropped where the ranks differ by 1."""
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        if y_pred.ndim == 1:
            return y_true, y_pred[..., None]
        return y_true[..., 0], y_pred
    if y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        if y_true.ndim == 1:
            return y_true[..., None], y_pred
        return y_true, y_pred[..., 0]
    return y_true, y_pred


def _equal(y_true, y_pred):
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    return y_true == y_pred


def _binary(y_true, y_pred, threshold=0.5):
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    return y_true == (y_pred > threshold)


def _categorical(y_true, y_pred):
    return as_array(y_true).argmax(-1) == as_array(y_pred).argmax(-1)


def _sparse(y_true, y_pred):
    y_true, y_pred = as_array(y_true), as_array(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    return y_true == y_pred.argmax(-1)


def _in_top_k(labels, y_pred, k):
    """Whether fewer than k predictions are above that of the label; what is not finite is wrong."""
    classes = y_pred.shape[-1]
    whole = labels.astype(np.int64)
    known = (whole >= 0) & (whole < classes)
    own = np.take_along_axis(y_pred, np.where(known, whole, 0)[..., None], -1)
    return known & np.isfinite(own[..., 0]) & ((y_pred > own).sum(-1) < k)


def _top_k(y_true, y_pred, k=5):
    return _in_top_k(as_array(y_true).argmax(-1), as_array(y_pred), k)


def _sparse_top_k(y_true, y_pred, k=5, from_sorted_ids=False):
    y_true, y_pred = as_array(y_true), as_array(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if from_sorted_ids:
        return (y_true[..., None] == y_pred[..., :k]).any(-1)
    return _in_top_k(y_true, y_pred, k)


def _as_floats(right: np.ndarray) -> Tensor:
    return Tensor(np.asarray(right, floatx()))


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """1 where `y_pred > threshold` equals the target, else 0.

    Args:
        y_true: Targets 0 and 1.
        y_pred: Predictions of the same shape.
        threshold: Predictions above it count as 1. Defaults to 0.5.

    Returns:
        Float tensor of the same shape.

    Source: `keras.metrics.binary_accuracy`.

    >>> import minidl
    >>> minidl.metrics.binary_accuracy([1, 0], [0.9, 0.6]).numpy()
    array([1., 0.], dtype=float32)
    """
    return _as_floats(_binary(y_true, y_pred, threshold))


def categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction stands at the one of the one-hot target, else 0.

    Args:
        y_true: One-hot targets, shape `(..., classes)`.
        y_pred: Predictions of the same shape.

    Returns:
        Float tensor without the last axis.

    Source: `keras.metrics.categorical_accuracy`.

    >>> import minidl
    >>> minidl.metrics.categorical_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.4, 0.6]]).numpy()
    array([1., 0.], dtype=float32)
    """
    return _as_floats(_categorical(y_true, y_pred))


def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction stands at the target's class number, else 0.

    Args:
        y_true: Class numbers, shape `(...)` or `(..., 1)`.
        y_pred: Predictions, shape `(..., classes)`.

    Returns:
        Float tensor without the last axis.

    Source: `keras.metrics.sparse_categorical_accuracy`.

    >>> import minidl
    >>> minidl.metrics.sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.4, 0.6]]).numpy()
    array([1., 0.], dtype=float32)
    """
    return _as_floats(_sparse(y_true, y_pred))


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the right class is among the k largest predictions, else 0.

    Args:
        y_true: One-hot targets, shape `(..., classes)`.
        y_pred: Predictions of the same shape.
        k: Defaults to 5.

    Returns:
        Float tensor without the last axis.

    Source: `keras.metrics.top_k_categorical_accuracy`.

    >>> import minidl
    >>> y, p = [[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]
    >>> minidl.metrics.top_k_categorical_accuracy(y, p, k=1).numpy()
    array([0., 1.], dtype=float32)
    """
    return _as_floats(_top_k(y_true, y_pred, k))


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """1 where the right class is among the k largest predictions, else 0.

    Args:
        y_true: Class numbers.
        y_pred: Predictions, shape `(..., classes)`; class numbers sorted by score where
            `from_sorted_ids` is set.
        k: Defaults to 5.
        from_sorted_ids: See `y_pred`. Defaults to False.

    Returns:
        Float tensor without the last axis.

    Source: `keras.metrics.sparse_top_k_categorical_accuracy`.

    >>> import minidl
    >>> p = [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]
    >>> minidl.metrics.sparse_top_k_categorical_accuracy([2, 1], p, k=1).numpy()
    array([0., 1.], dtype=float32)
    """
    return _as_floats(_sparse_top_k(y_true, y_pred, k, from_sorted_ids))


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
        super().__init__(_equal, name, dtype)


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
        super().__init__(_binary, name, dtype, threshold=threshold)
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
        super().__init__(_categorical, name, dtype)


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
        super().__init__(_sparse, name, dtype)


class TopKCategoricalAccuracy(_AccuracyMetric):
    """Share of samples whose class is among the k largest predictions; one-hot targets.

    Args:
        k: Defaults to 5.
        name: Defaults to `"top_k_categorical_accuracy"`.
        dtype: See `Metric`.

    Source: `keras.metrics.TopKCategoricalAccuracy`.

    >>> import minidl
    >>> m = minidl.metrics.TopKCategoricalAccuracy(k=1)
    >>> float(m([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
    0.5
    """

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(_top_k, name, dtype, k=k)
        self.k = k

    def get_config(self):
        return {**super().get_config(), "k": self.k}


class SparseTopKCategoricalAccuracy(_AccuracyMetric):
    """Share of samples whose class is among the k largest predictions; class numbers.

    Args:
        k: Defaults to 5.
        name: Defaults to `"sparse_top_k_categorical_accuracy"`.
        dtype: See `Metric`.
        from_sorted_ids: Whether predictions are class numbers sorted by score.

    Source: `keras.metrics.SparseTopKCategoricalAccuracy`.

    >>> import minidl
    >>> m = minidl.metrics.SparseTopKCategoricalAccuracy(k=1)
    >>> float(m([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
    0.5
    """

    def __init__(
        self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False
    ):
        super().__init__(_sparse_top_k, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
        self.k = k
        self.from_sorted_ids = from_sorted_ids

    def get_config(self):
        config = {**super().get_config(), "k": self.k}
        if self.from_sorted_ids:
            config["from_sorted_ids"] = True
        return config
