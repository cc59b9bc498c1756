"""R2Score: the share of variance that a regression explains."""

from __future__ import annotations

import warnings

import numpy as np

from .._tape import Tensor
from .accuracy import same_rank
from .metric import Metric
from .reduction import as_array


class R2Score(Metric):
    """`1 - squared errors / squared differences from the mean`: the coefficient of determination.

    Args:
        class_aggregation: `"uniform_average"`, `"variance_weighted_average"`, or None for one
            score a column.
        num_regressors: Number of independent variables, for the adjusted score; 0 for the plain.
        name: Defaults to `"r2_score"`.
        dtype: See `Metric`.

    Raises:
        ValueError: an unknown aggregation, a negative number; data of other ranks.

    Source: `keras.metrics.R2Score`.

    >>> import minidl
    >>> round(float(minidl.metrics.R2Score()([[1], [4], [3]], [[2], [4], [4]])), 4)
    0.5714
    """

    _direction = "up"

    def __init__(
        self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None
    ):
        super().__init__(name=name, dtype=dtype)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(
                f"`class_aggregation` must be one of {known}. "
                f"Received: class_aggregation={class_aggregation!r}"
            )
        if num_regressors < 0:
            raise ValueError(
                f"`num_regressors` must not be negative. Received: num_regressors={num_regressors}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), dtype="float64", name="num_samples")
        self._built = False

    def _build(self, columns):
        for attribute, name in (
            ("squared_sum", "squared_sum"),
            ("sum", "sum"),
            ("total_mse", "residual"),
            ("count", "count"),
        ):
            variable = self.add_variable((columns,), dtype="float64", name=name)
            setattr(self, attribute, variable)
        self._built = True

    def _set_state(self, arrays):
        if not self._built and len(arrays) > 1:
            self._build(arrays[1].shape[0])
        super()._set_state(arrays)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = (as_array(y).astype(np.float64) for y in (y_true, y_pred))
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                "R2Score wants targets and predictions of one shape (samples, columns). "
                f"Received: shapes {y_true.shape} and {y_pred.shape}"
            )
        if not self._built:
            self._build(y_true.shape[1])
        weights = np.ones(()) if sample_weight is None else as_array(sample_weight)
        if weights.ndim == 1:
            weights = weights[:, None]
        weights = np.broadcast_to(weights, y_true.shape).astype(np.float64)
        self.sum.assign_add((y_true * weights).sum(axis=0))
        self.squared_sum.assign_add((y_true * y_true * weights).sum(axis=0))
        self.total_mse.assign_add((np.square(y_true - y_pred) * weights).sum(axis=0))
        self.count.assign_add(weights.sum(axis=0))
        self.num_samples.assign_add(float(y_true.size))

    def result(self):
        if not self._built:
            return Tensor(np.full((), np.nan, self.dtype))
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = self.sum.data / self.count.data
            total = self.squared_sum.data - self.sum.data * mean
            scores = 1.0 - self.total_mse.data / total
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "uniform_average":
                scores = np.mean(scores)
            elif self.class_aggregation == "variance_weighted_average":
                scores = np.sum(total * scores) / np.sum(total)
        if self.num_regressors and self.num_samples.data > 0:
            scores = self._adjusted(scores, float(self.num_samples.data))
        return Tensor(np.asarray(scores, self.dtype))

    def _adjusted(self, scores, n):
        rest = n - self.num_regressors - 1.0
        if rest <= 0:
            warnings.warn(
                f"{self.num_regressors} regressors are too many for {n:.0f} values: the plain R2 "
                "score is given in place of the adjusted one.",
                stacklevel=3,
            )
            return scores
        return 1.0 - (1.0 - scores) * (n - 1.0) / rest

    def get_config(self):
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
