"""F scores: precision and recall in one number."""

from __future__ import annotations

import numpy as np

from .._tape import Tensor
from ..config import epsilon
from .metric import Metric
from .reduction import as_array


class FBetaScore(Metric):
    """`(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`, class by class.

    Args:
        average: None for one score a class, `"micro"` (over all counts), `"macro"` (the mean of
            the classes) or `"weighted"` (by the frequency of the classes).
        beta: Weight of the recall, a positive float. Defaults to 1.0.
        threshold: Predictions above it are positive; None for the largest of each row.
        name: Defaults to `"fbeta_score"`.
        dtype: See `Metric`.

    Raises:
        ValueError: an unknown average, a beta or threshold out of range; data of other ranks.

    Source: `keras.metrics.FBetaScore`.

    >>> import minidl
    >>> m = minidl.metrics.FBetaScore(beta=2.0, threshold=0.5)
    >>> m([[1, 0], [1, 1]], [[0.9, 0.8], [0.2, 0.9]]).numpy().round(4)
    array([0.5556, 0.8333], dtype=float32)
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                "`average` must be None, 'micro', 'macro' or 'weighted'. "
                f"Received: average={average!r}"
            )
        if not isinstance(beta, float) or not beta > 0:
            raise ValueError(f"`beta` must be a positive float. Received: beta={beta!r}")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise ValueError(
                f"`threshold` must be a float in (0, 1]. Received: threshold={threshold!r}"
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, shape):
        shape = () if self.average == "micro" else (shape[-1],)
        names = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
        for name in names:
            setattr(self, name, self.add_variable(shape, dtype="float64", name=name))
        self._built = True

    def _build_like(self, arrays):
        self._build((None, *arrays[0].shape))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = as_array(y_true), as_array(y_pred)
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                f"{type(self).__name__} wants targets and predictions of shape (samples, classes); "
                "make class numbers one-hot with minidl.utils.to_categorical. "
                f"Received: shapes {y_true.shape} and {y_pred.shape}"
            )
        if not self._built:
            self._build(y_pred.shape)
        if self.threshold is None:
            top = y_pred.max(axis=-1, keepdims=True)
            positive = (y_pred >= top) & (np.abs(y_pred) > 1e-9)
        else:
            positive = y_pred > self.threshold
        y_true = y_true.astype(np.float64)
        weights = 1.0
        if sample_weight is not None:
            weights = as_array(sample_weight).astype(np.float64).reshape(len(y_pred), -1)
        axis = None if self.average == "micro" else 0
        for variable, values in (
            (self.true_positives, positive * y_true),
            (self.false_positives, positive * (1.0 - y_true)),
            (self.false_negatives, ~positive * y_true),
            (self.intermediate_weights, y_true),
        ):
            variable.assign_add((values * weights).sum(axis=axis))

    def result(self):
        if not self._built:
            return Tensor(np.zeros((), self.dtype))
        tp = self.true_positives.data
        precision = tp / (tp + self.false_positives.data + epsilon())
        recall = tp / (tp + self.false_negatives.data + epsilon())
        square = self.beta**2
        score = (1 + square) * precision * recall / (square * precision + recall + epsilon())
        if self.average == "weighted":
            share = self.intermediate_weights.data
            score = np.sum(score * share / (share.sum() + epsilon()))
        elif self.average is not None:
            score = np.mean(score)
        return Tensor(np.asarray(score, self.dtype))

    def get_config(self):
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """`2 * precision * recall / (precision + recall)`, class by class.

    Args:
        average: See `FBetaScore`.
        threshold: See `FBetaScore`.
        name: Defaults to `"f1_score"`.
        dtype: See `Metric`.

    Raises:
        ValueError: an unknown average or a threshold out of range; data of other ranks.

    Source: `keras.metrics.F1Score`.

    >>> import minidl
    >>> m = minidl.metrics.F1Score(average="macro", threshold=0.5)
    >>> round(float(m([[1, 0], [1, 1]], [[0.9, 0.8], [0.2, 0.9]])), 4)
    0.6667
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self):
        config = super().get_config()
        del config["beta"]
        return config
