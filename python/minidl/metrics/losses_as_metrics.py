"""Losses read as metrics, and regression metrics made of them."""

from __future__ import annotations

import math

from .. import ops
from ..losses import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    cosine_similarity,
    hinge,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from ..losses.functions import fitting
from .reduction import Mean, MeanMetricWrapper


class _LossMetric(MeanMetricWrapper):
    _direction = "down"


class MeanSquaredError(_LossMetric):
    """Mean of the squared differences.

    Args:
        name: Defaults to `"mean_squared_error"`.
        dtype: See `Metric`.

    Source: `keras.metrics.MeanSquaredError`.

    >>> import minidl
    >>> float(minidl.metrics.MeanSquaredError()([[0.0], [1.0]], [[2.0], [1.0]]))
    2.0
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, name, dtype)


class MeanAbsoluteError(_LossMetric):
    """Mean of the absolute differences.

    Args:
        name: Defaults to `"mean_absolute_error"`.
        dtype: See `Metric`.

    Source: `keras.metrics.MeanAbsoluteError`.

    >>> import minidl
    >>> metric = minidl.metrics.MeanAbsoluteError()
    >>> metric.update_state([1.0, 2.0], [2.0, 4.0])
    >>> float(metric.result())
    1.5
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(_LossMetric):
    """100 times the mean of |difference| / |target|.

    Args:
        name: Defaults to `"mean_absolute_percentage_error"`.
        dtype: See `Metric`.

    Source: `keras.metrics.MeanAbsolutePercentageError`.

    >>> import minidl
    >>> round(float(minidl.metrics.MeanAbsolutePercentageError()([[2.0]], [[1.0]])), 4)
    50.0
    """

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(_LossMetric):
    """Mean of the squared differences of log(1 + value).

    Args:
        name: Defaults to `"mean_squared_logarithmic_error"`.
        dtype: See `Metric`.

    Source: `keras.metrics.MeanSquaredLogarithmicError`.

    >>> import minidl
    >>> round(float(minidl.metrics.MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, name, dtype)


def _squared_error(y_true, y_pred):
    y_true, y_pred = fitting("root_mean_squared_error", y_true, y_pred)
    return ops.square(y_pred - y_true)


class RootMeanSquaredError(_LossMetric):
    """Square root of the mean of the squared differences.

    Args:
        name: Defaults to `"root_mean_squared_error"`.
        dtype: See `Metric`.

    Source: `keras.metrics.RootMeanSquaredError`.

    >>> import minidl
    >>> float(minidl.metrics.RootMeanSquaredError()([[0.0]], [[2.0]]))
    2.0
    """

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(_squared_error, name, dtype)

    def _value(self):
        return math.sqrt(Mean._value(self))


def _cosine(y_true, y_pred, axis=-1):
    return ops.negative(cosine_similarity(y_true, y_pred, axis))


class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between targets and predictions: 1 where they agree.

    Args:
        name: Defaults to `"cosine_similarity"`.
        dtype: See `Metric`.
        axis: Axis of the vectors. Defaults to -1.

    Source: `keras.metrics.CosineSimilarity`; its config forgets `axis`, ours keeps it.

    >>> import minidl
    >>> float(minidl.metrics.CosineSimilarity()([[0.0, 2.0]], [[0.0, 3.0]]))
    1.0
    """

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(_cosine, name, dtype, axis=axis)
        self.axis = axis


class LogCoshError(_LossMetric):
    """Mean of log(cosh(difference)).

    Args:
        name: Defaults to `"logcosh"`.
        dtype: See `Metric`.

    Source: `keras.metrics.LogCoshError`.

    >>> import minidl
    >>> round(float(minidl.metrics.LogCoshError()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(log_cosh, name, dtype)


class Hinge(_LossMetric):
    """Mean of `max(1 - y_true * y_pred, 0)`; targets -1 and 1, or 0 and 1.

    Args:
        name: Defaults to `"hinge"`.
        dtype: See `Metric`.

    Source: `keras.metrics.Hinge`.

    >>> import minidl
    >>> round(float(minidl.metrics.Hinge()([[1, -1]], [[0.5, -2.0]])), 4)
    0.25
    """

    def __init__(self, name="hinge", dtype=None):
        super().__init__(hinge, name, dtype)


class SquaredHinge(_LossMetric):
    """Mean of `max(1 - y_true * y_pred, 0)**2`; targets -1 and 1, or 0 and 1.

    Args:
        name: Defaults to `"squared_hinge"`.
        dtype: See `Metric`.

    Source: `keras.metrics.SquaredHinge`.

    >>> import minidl
    >>> round(float(minidl.metrics.SquaredHinge()([[1, -1]], [[0.5, -2.0]])), 4)
    0.125
    """

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(_LossMetric):
    """How far the best wrong class comes within 1 of the right one; one-hot targets.

    Args:
        name: Defaults to `"categorical_hinge"`.
        dtype: See `Metric`.

    Source: `keras.metrics.CategoricalHinge`.

    >>> import minidl
    >>> round(float(minidl.metrics.CategoricalHinge()([[0, 1]], [[0.5, 0.75]])), 4)
    0.75
    """

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, name, dtype)


class KLDivergence(_LossMetric):
    """Mean of `sum(y_true * log(y_true / y_pred))`.

    Args:
        name: Defaults to `"kl_divergence"`.
        dtype: See `Metric`.

    Source: `keras.metrics.KLDivergence`.

    >>> import minidl
    >>> round(float(minidl.metrics.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, name, dtype)


class Poisson(_LossMetric):
    """Mean of `y_pred - y_true * log(y_pred)`, for counts.

    Args:
        name: Defaults to `"poisson"`.
        dtype: See `Metric`.

    Source: `keras.metrics.Poisson`.

    >>> import minidl
    >>> round(float(minidl.metrics.Poisson()([[0.0]], [[1.0]])), 4)
    1.0
    """

    def __init__(self, name="poisson", dtype=None):
        super().__init__(poisson, name, dtype)


class SparseCategoricalCrossentropy(_LossMetric):
    """Cross-entropy with class numbers as targets.

    Args:
        name: Defaults to `"sparse_categorical_crossentropy"`.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits. Defaults to False.
        ignore_class: Class whose samples count 0; None for none.
        axis: Axis of the classes. Defaults to -1.

    Source: `keras.metrics.SparseCategoricalCrossentropy`.

    >>> import minidl
    >>> metric = minidl.metrics.SparseCategoricalCrossentropy()
    >>> metric.update_state([1], [[0.5, 0.5]])
    >>> round(float(metric.result()), 4)
    0.6931
    """

    def __init__(
        self,
        name="sparse_categorical_crossentropy",
        dtype=None,
        from_logits=False,
        ignore_class=None,
        axis=-1,
    ):
        kwargs = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, name, dtype, **kwargs)


class CategoricalCrossentropy(_LossMetric):
    """Cross-entropy with one-hot targets.

    Args:
        name: Defaults to `"categorical_crossentropy"`.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits. Defaults to False.
        label_smoothing: In [0, 1]. Defaults to 0.
        axis: Axis of the classes. Defaults to -1.

    Source: `keras.metrics.CategoricalCrossentropy`.

    >>> import minidl
    >>> metric = minidl.metrics.CategoricalCrossentropy()
    >>> metric.update_state([[0, 1]], [[0.5, 0.5]])
    >>> round(float(metric.result()), 4)
    0.6931
    """

    def __init__(
        self,
        name="categorical_crossentropy",
        dtype=None,
        from_logits=False,
        label_smoothing=0,
        axis=-1,
    ):
        kwargs = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, name, dtype, **kwargs)


class BinaryCrossentropy(_LossMetric):
    """Cross-entropy of two classes.

    Args:
        name: Defaults to `"binary_crossentropy"`.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits. Defaults to False.
        label_smoothing: In [0, 1]. Defaults to 0.

    Source: `keras.metrics.BinaryCrossentropy`.

    >>> import minidl
    >>> metric = minidl.metrics.BinaryCrossentropy()
    >>> metric.update_state([1, 0], [0.5, 0.5])
    >>> round(float(metric.result()), 4)
    0.6931
    """

    def __init__(
        self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0
    ):
        kwargs = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(binary_crossentropy, name, dtype, **kwargs)
