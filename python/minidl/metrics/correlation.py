"""Correlations of targets and predictions, sample by sample along an axis."""

from __future__ import annotations

from .. import ops
from ..config import epsilon
from ..losses.functions import fitting
from .reduction import MeanMetricWrapper


def pearson_correlation(y_true, y_pred, axis=-1):
    """Covariance over the product of the standard deviations.

    Args:
        y_true: Targets.
        y_pred: Predictions of the same shape.
        axis: Axis of the values that are compared. Defaults to -1.

    Returns:
        Tensor without `axis`; NaN where one side is constant.

    Source: `keras.metrics.pearson_correlation`.

    >>> import minidl
    >>> minidl.metrics.pearson_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]).numpy().round(3)
    array([1.], dtype=float32)
    """
    y_true, y_pred = fitting("pearson_correlation", y_true, y_pred)
    parts = []
    for y in (y_true, y_pred):
        centred = y - ops.mean(y, axis=axis, keepdims=True)
        parts.append(centred / ops.std(centred, axis=axis, keepdims=True))
    return ops.mean(parts[0] * parts[1], axis=axis)


def concordance_correlation(y_true, y_pred, axis=-1):
    """Lin's coefficient, which also falls where the means differ, as Keras computes it.

    Args:
        y_true: Targets.
        y_pred: Predictions of the same shape.
        axis: Axis of the values that are compared. Defaults to -1.

    Returns:
        Tensor without `axis`.

    Source: `keras.metrics.concordance_correlation`.

    >>> import minidl
    >>> y, p = [[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]
    >>> minidl.metrics.concordance_correlation(y, p).numpy().round(3)
    array([0.976], dtype=float32)
    """
    y_true, y_pred = fitting("concordance_correlation", y_true, y_pred)
    true_mean, pred_mean = (ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    true_var, pred_var = (ops.var(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    shared = (y_true - pred_mean) * (y_pred - pred_mean)
    norm = true_var + pred_var + ops.square(true_mean - pred_mean)
    return ops.mean(2.0 * shared / (norm + epsilon()), axis=axis)


class _Correlation(MeanMetricWrapper):
    _direction = "up"

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, "axis": self.axis}


class PearsonCorrelation(_Correlation):
    """Mean of the Pearson correlation of each sample.

    Args:
        name: Defaults to `"pearson_correlation"`.
        dtype: See `Metric`.
        axis: Axis of the values that are compared. Defaults to -1.

    Source: `keras.metrics.PearsonCorrelation`.

    >>> import minidl
    >>> m = minidl.metrics.PearsonCorrelation()
    >>> round(float(m([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]])), 3)
    1.0
    """

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(_Correlation):
    """Mean of the concordance correlation of each sample.

    Args:
        name: Defaults to `"concordance_correlation"`.
        dtype: See `Metric`.
        axis: Axis of the values that are compared. Defaults to -1.

    Source: `keras.metrics.ConcordanceCorrelation`.

    >>> import minidl
    >>> m = minidl.metrics.ConcordanceCorrelation()
    >>> round(float(m([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]])), 3)
    0.976
    """

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
