"""Metrics of the confusion matrix at given thresholds."""

from __future__ import annotations

import numpy as np

from .._tape import Tensor, Variable
from ._confusion import NEVER, counts, divide_no_nan, parse_thresholds
from .metric import Metric


class _Count(Metric):
    """One of the four counts; subclasses pick it."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(thresholds)
        self.accumulator = self.add_variable(
            (len(self.thresholds),), dtype="float64", name="accumulator"
        )

    def _pick(self, tp, fp, positives, negatives):
        raise NotImplementedError

    def update_state(self, y_true, y_pred, sample_weight=None):
        found = counts(y_true, y_pred, self.thresholds, sample_weight)
        self.accumulator.assign_add(self._pick(*found))

    def result(self):
        values = self.accumulator.data.astype(self.dtype)
        return Tensor(values[0] if len(values) == 1 else values)

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """Sum of weights of positive targets that are predicted positive.

    Args:
        thresholds: A number in [0, 1] or a list of them: predictions above it are positive. None
            for 0.5.
        name: None for `"true_positives"`.
        dtype: See `Metric`.

    Source: `keras.metrics.TruePositives`.

    >>> import minidl
    >>> float(minidl.metrics.TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
    2.0
    """

    def _pick(self, tp, fp, positives, negatives):
        return tp


class TrueNegatives(_Count):
    """Sum of weights of negative targets that are predicted negative.

    Args:
        thresholds: See `TruePositives`.
        name: None for `"true_negatives"`.
        dtype: See `Metric`.

    Source: `keras.metrics.TrueNegatives`.

    >>> import minidl
    >>> float(minidl.metrics.TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
    2.0
    """

    def _pick(self, tp, fp, positives, negatives):
        return negatives - fp


class FalsePositives(_Count):
    """Sum of weights of negative targets that are predicted positive.

    Args:
        thresholds: See `TruePositives`.
        name: None for `"false_positives"`.
        dtype: See `Metric`.

    Source: `keras.metrics.FalsePositives`.

    >>> import minidl
    >>> float(minidl.metrics.FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
    2.0
    """

    def _pick(self, tp, fp, positives, negatives):
        return fp


class FalseNegatives(_Count):
    """Sum of weights of positive targets that are predicted negative.

    Args:
        thresholds: See `TruePositives`.
        name: None for `"false_negatives"`.
        dtype: See `Metric`.

    Source: `keras.metrics.FalseNegatives`.

    >>> import minidl
    >>> float(minidl.metrics.FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
    2.0
    """

    def _pick(self, tp, fp, positives, negatives):
        return positives - tp


class _Share(Metric):
    """True positives as a share of something."""

    _direction = "up"
    _other = ""

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = parse_thresholds(thresholds, 0.5 if top_k is None else NEVER)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, dtype="float64", name="true_positives")
        other = self.add_variable(shape, dtype="float64", name=self._other)
        setattr(self, self._other, other)

    def _rest(self, tp, fp, positives):
        raise NotImplementedError

    def update_state(self, y_true, y_pred, sample_weight=None):
        tp, fp, positives, _ = counts(
            y_true, y_pred, self.thresholds, sample_weight, self.top_k, self.class_id
        )
        self.true_positives.assign_add(tp)
        getattr(self, self._other).assign_add(self._rest(tp, fp, positives))

    def result(self):
        tp = self.true_positives.data
        values = divide_no_nan(tp, tp + getattr(self, self._other).data).astype(self.dtype)
        return Tensor(values[0] if len(values) == 1 else values)

    def get_config(self):
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_Share):
    """Of what is predicted positive, the share that is.

    Args:
        thresholds: A number in [0, 1] or a list of them: predictions above it are positive. None
            for 0.5, or for the `top_k`.
        top_k: Only the k largest predictions of a row can be positive.
        class_id: Only this class counts.
        name: None for `"precision"`.
        dtype: See `Metric`.

    Raises:
        ValueError: a threshold outside [0, 1].

    Source: `keras.metrics.Precision`.

    >>> import minidl
    >>> round(float(minidl.metrics.Precision()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
    0.6667
    """

    _other = "false_positives"

    def _rest(self, tp, fp, positives):
        return fp


class Recall(_Share):
    """Of what is positive, the share that is predicted so.

    Args:
        thresholds: See `Precision`.
        top_k: See `Precision`.
        class_id: Only this class counts.
        name: None for `"recall"`.
        dtype: See `Metric`.

    Raises:
        ValueError: a threshold outside [0, 1].

    Source: `keras.metrics.Recall`.

    >>> import minidl
    >>> round(float(minidl.metrics.Recall()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
    0.6667
    """

    _other = "false_negatives"

    def _rest(self, tp, fp, positives):
        return positives - tp


def rates(matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recall, specificity and precision from an object with all four counts."""
    tp, fp = matrix.true_positives.data, matrix.false_positives.data
    tn, fn = matrix.true_negatives.data, matrix.false_negatives.data
    return divide_no_nan(tp, tp + fn), divide_no_nan(tn, tn + fp), divide_no_nan(tp, tp + fp)


class FullMatrix(Metric):
    """Base of the metrics that keep all four counts."""

    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def _add_counts(self, shape) -> None:
        for name in ("true_positives", "false_positives", "true_negatives", "false_negatives"):
            setattr(self, name, self.add_variable(shape, dtype="float64", name=name))

    def _count(self, tp, fp, positives, negatives) -> None:
        self.true_positives.assign_add(tp)
        self.false_positives.assign_add(fp)
        self.true_negatives.assign_add(negatives - fp)
        self.false_negatives.assign_add(positives - tp)
