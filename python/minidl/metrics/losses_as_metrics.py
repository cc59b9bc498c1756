"""Losses read as metrics, and regression metrics made of them."""

from __future__ import annotations

import math

from ..losses import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
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
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, name, dtype)


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
        super().__init__(mean_squared_error, name, dtype)

    def _value(self):
        return math.sqrt(Mean._value(self))


class SparseCategoricalCrossentropy(_LossMetric):
    """Cross-entropy with class numbers as targets.

    Args:
        name: Defaults to `"sparse_categorical_crossentropy"`.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits. Defaults to False.
        axis: Axis of the classes. Defaults to -1.

    Source: `keras.metrics.SparseCategoricalCrossentropy`.
    """

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, axis=-1
    ):
        kwargs = {"from_logits": from_logits, "axis": axis}
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
    """

    def __init__(
        self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0
    ):
        kwargs = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(binary_crossentropy, name, dtype, **kwargs)
