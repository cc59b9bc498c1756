"""The best of one rate where another is at least so much."""

from __future__ import annotations

import numpy as np

from .._tape import Tensor
from ._confusion import counts
from .confusion import FullMatrix, rates


class _AtConstraint(FullMatrix):
    """Subclasses say which of (recall, specificity, precision) is bound and which is wanted."""

    _direction = "up"
    _bound, _wanted = 0, 0
    _argument = ""

    def __init__(self, value, num_thresholds=200, class_id=None, name=None, dtype=None):
        if not 0 <= value <= 1:
            raise ValueError(
                f"`{self._argument}` must lie in [0, 1]. Received: {self._argument}={value}"
            )
        if num_thresholds <= 0:
            raise ValueError(
                f"`num_thresholds` must be positive. Received: num_thresholds={num_thresholds}"
            )
        super().__init__(name=name, dtype=dtype)
        setattr(self, self._argument, value)
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        n = num_thresholds
        self.thresholds = [0.5] if n == 1 else [i / (n - 1) for i in range(n)]
        self._add_counts((len(self.thresholds),))

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._count(*counts(y_true, y_pred, self.thresholds, sample_weight, class_id=self.class_id))

    def result(self):
        all_rates = rates(self)
        feasible = all_rates[self._bound] >= self.value
        best = np.max(np.where(feasible, all_rates[self._wanted], 0.0), initial=0.0)
        return Tensor(np.asarray(best, self.dtype))

    def get_config(self):
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self._argument: self.value,
        }


class SensitivityAtSpecificity(_AtConstraint):
    """The best recall among thresholds whose specificity is at least so much.

    Args:
        specificity: In [0, 1].
        num_thresholds: Thresholds tried, evenly over [0, 1]. Defaults to 200.
        class_id: Only this class counts.
        name: None for `"sensitivity_at_specificity"`.
        dtype: See `Metric`.

    Raises:
        ValueError: a value out of range.

    Source: `keras.metrics.SensitivityAtSpecificity`.

    >>> import minidl
    >>> m = minidl.metrics.SensitivityAtSpecificity(0.5)
    >>> float(m([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    _argument, _wanted, _bound = "specificity", 0, 1

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_AtConstraint):
    """The best specificity among thresholds whose recall is at least so much.

    Args:
        sensitivity: In [0, 1].
        num_thresholds: Thresholds tried, evenly over [0, 1]. Defaults to 200.
        class_id: Only this class counts.
        name: None for `"specificity_at_sensitivity"`.
        dtype: See `Metric`.

    Raises:
        ValueError: a value out of range.

    Source: `keras.metrics.SpecificityAtSensitivity`.

    >>> import minidl
    >>> m = minidl.metrics.SpecificityAtSensitivity(0.5)
    >>> round(float(m([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.6667
    """

    _argument, _wanted, _bound = "sensitivity", 1, 0

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_AtConstraint):
    """The best precision among thresholds whose recall is at least so much.

    Args:
        recall: In [0, 1].
        num_thresholds: Thresholds tried, evenly over [0, 1]. Defaults to 200.
        class_id: Only this class counts.
        name: None for `"precision_at_recall"`.
        dtype: See `Metric`.

    Raises:
        ValueError: a value out of range.

    Source: `keras.metrics.PrecisionAtRecall`.

    >>> import minidl
    >>> m = minidl.metrics.PrecisionAtRecall(0.5)
    >>> float(m([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    _argument, _wanted, _bound = "recall", 2, 0

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_AtConstraint):
    """The best recall among thresholds whose precision is at least so much.

    Args:
        precision: In [0, 1].
        num_thresholds: Thresholds tried, evenly over [0, 1]. Defaults to 200.
        class_id: Only this class counts.
        name: None for `"recall_at_precision"`.
        dtype: See `Metric`.

    Raises:
        ValueError: a value out of range.

    Source: `keras.metrics.RecallAtPrecision`.

    >>> import minidl
    >>> float(minidl.metrics.RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.5
    """

    _argument, _wanted, _bound = "precision", 0, 2

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)
