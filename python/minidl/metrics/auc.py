"""AUC: the area under a curve of rates over all thresholds."""

from __future__ import annotations

import numpy as np

from .. import ops
from .._tape import Tensor
from ..config import epsilon
from ._confusion import counts, divide_no_nan
from .confusion import FullMatrix, rates

_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "minoring", "majoring")


class AUC(FullMatrix):
    """Area under the ROC, precision-recall or precision-recall-gain curve, by a Riemann sum.

    Args:
        num_thresholds: Points of the curve. Defaults to 200.
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: `"interpolation"` (trapezes; for PR the interpolation of Davis and
            Goadrich), `"minoring"` or `"majoring"`.
        name: None for `"auc"`.
        dtype: See `Metric`.
        thresholds: Thresholds in [0, 1] in place of `num_thresholds` even ones.
        multi_label: Whether each column gets a curve of its own, and the mean is taken.
        num_labels: Number of columns, where `multi_label` is set; None for those of the data.
        label_weights: One weight for each column.
        from_logits: Whether predictions are logits. Defaults to False.

    Raises:
        ValueError: an unknown curve or method, too few thresholds, labels without `multi_label`.

    Source: `keras.metrics.AUC`.

    >>> import minidl
    >>> float(minidl.metrics.AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        if str(curve).upper() not in _CURVES:
            raise ValueError(f"`curve` must be one of {_CURVES}. Received: curve={curve!r}")
        if str(summation_method).lower() not in _METHODS:
            raise ValueError(
                f"`summation_method` must be one of {_METHODS}. "
                f"Received: summation_method={summation_method!r}"
            )
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(
                f"`num_thresholds` must be at least 2. Received: num_thresholds={num_thresholds}"
            )
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is for `multi_label=True` only.")
        super().__init__(name=name, dtype=dtype)
        self._own_thresholds = thresholds is not None
        if thresholds is not None:
            inner = sorted(thresholds)
        else:
            inner = [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        self.num_thresholds = len(inner) + 2
        # the ends lie outside [0, 1], so that rounding cannot cut off a prediction
        self._thresholds = np.array([-epsilon(), *inner, 1.0 + epsilon()])
        self.curve = str(curve).upper()
        self.summation_method = str(summation_method).lower()
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, "float64")
        self._from_logits = from_logits
        self._built = False
        if num_labels or not multi_label:
            self._build((None, num_labels) if multi_label else None)

    @property
    def thresholds(self):
        """The thresholds, the two ends included."""
        return list(self._thresholds)

    def _build(self, shape):
        if self.multi_label and len(shape) != 2:
            raise ValueError(
                "`multi_label` needs predictions of shape (samples, labels). "
                f"Received: shape {shape}"
            )
        n = self.num_thresholds
        self._add_counts((n, shape[1]) if self.multi_label else (n,))
        self._built = True

    def _build_like(self, arrays):
        self._build((None, arrays[0].shape[-1]))

    def update_state(self, y_true, y_pred, sample_weight=None):
        if self._from_logits:
            y_pred = ops.sigmoid(y_pred)
        if not self._built:
            self._build(np.shape(y_pred) if not hasattr(y_pred, "shape") else y_pred.shape)
        self._count(
            *counts(
                y_true,
                y_pred,
                self._thresholds,
                sample_weight,
                multi_label=self.multi_label,
                label_weights=None if self.multi_label else self.label_weights,
            )
        )

    def result(self):
        if not self._built:
            return Tensor(np.zeros((), self.dtype))
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = self._interpolated()
        else:
            x, y = self._curve()
            heights = {
                "interpolation": lambda a, b: (a + b) / 2.0,
                "minoring": np.minimum,
                "majoring": np.maximum,
            }[self.summation_method](y[:-1], y[1:])
            areas = (x[:-1] - x[1:]) * heights
        by_label = areas.sum(axis=0)
        if self.multi_label:
            by_label = np.average(by_label, weights=self.label_weights)
        return Tensor(np.asarray(by_label, self.dtype))

    def _curve(self):
        recall, specificity, precision = rates(self)
        if self.curve == "PR":
            return recall, precision
        if self.curve == "ROC":
            fp, tn = self.false_positives.data, self.true_negatives.data
            return np.where(fp + tn == 0, 0.0, 1.0 - specificity), recall
        tp, fp = self.true_positives.data, self.false_positives.data
        tn, fn = self.true_negatives.data, self.false_negatives.data
        scale = divide_no_nan(tp + fn, tn + fp)
        recall_gain = np.where(tp == 0, 0.0, 1.0 - scale * divide_no_nan(fn, tp))
        precision_gain = np.where(tp == 0, 1.0, 1.0 - scale * divide_no_nan(fp, tp))
        return np.maximum(recall_gain, 0.0), precision_gain

    def _interpolated(self):
        """Areas under the PR curve as Davis and Goadrich (2006) draw it between two points."""
        tp, fp = self.true_positives.data, self.false_positives.data
        fn = self.false_negatives.data
        p = tp + fp
        rise, run = tp[:-1] - tp[1:], p[:-1] - p[1:]
        slope = divide_no_nan(rise, np.maximum(run, 0.0))
        start = tp[1:] - slope * p[1:]
        both = (p[:-1] > 0) & (p[1:] > 0)
        ratio = np.where(both, divide_no_nan(p[:-1], p[1:]), 1.0)
        return divide_no_nan(slope * (rise + start * np.log(ratio)), tp[1:] + fn[1:])

    def get_config(self):
        weights = self.label_weights
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.tolist(),
            "from_logits": self._from_logits,
        }
        if self._own_thresholds:
            config["thresholds"] = self._thresholds[1:-1].tolist()
        return config
