"""Counting true and false positives over many thresholds at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from .accuracy import same_rank
from .reduction import as_array

NEVER = -1e10  # a threshold below everything, and the score of what is left out


def parse_thresholds(thresholds: Any, default: float = 0.5) -> list[float]:
    """Thresholds as a list.

    Raises:
        ValueError: one lies outside [0, 1].
    """
    if thresholds is None:
        return [default]
    given = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    wrong = [t for t in given if t is None or not 0 <= t <= 1]
    if wrong:
        raise ValueError(f"`thresholds` must lie in [0, 1]. Received: {wrong}")
    return given


def are_even(thresholds: Any) -> bool:
    """Whether they run from 0 to 1 in equal steps."""
    n = len(thresholds)
    return n >= 3 and np.allclose(thresholds, np.arange(n) / (n - 1), atol=1e-7)


def top_k_only(y_pred: np.ndarray, k: int) -> np.ndarray:
    """Predictions with all but the k largest of each row left out."""
    order = np.argsort(-y_pred, axis=-1, kind="stable")[..., :k]
    kept = np.full_like(y_pred, NEVER)
    np.put_along_axis(kept, order, np.take_along_axis(y_pred, order, -1), -1)
    return kept


def counts(
    y_true: Any,
    y_pred: Any,
    thresholds: Any,
    sample_weight: Any = None,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
    label_weights: Any = None,
) -> tuple[np.ndarray, np.ndarray, Any, Any]:
    """Weighted counts of a batch.

    Args:
        y_true: Targets; anything but 0 counts as positive.
        y_pred: Predictions.
        thresholds: Predictions above one are positive there.
        sample_weight: One weight per sample (or value), or None.
        top_k: Only the k largest predictions of a row can be positive.
        class_id: Only this class counts.
        multi_label: Whether columns are counted apart.
        label_weights: One weight for each column, or None.

    Returns:
        True positives and false positives, of shape `(thresholds,)` or `(thresholds, labels)`,
        and the sums of all positive and all negative targets.
    """
    y_pred = as_array(y_pred).astype(np.float32)
    y_true = as_array(y_true)
    y_pred, y_true = same_rank(y_pred, y_true)
    if y_pred.shape != y_true.shape:
        raise ValueError(
            f"Targets of shape {y_true.shape} do not fit predictions of shape {y_pred.shape}."
        )
    weights = None
    if sample_weight is not None:
        weights = as_array(sample_weight).astype(np.float64)[..., None]
        if weights.ndim == y_true.ndim + 1:
            weights = weights[..., 0]
    if top_k is not None:
        y_pred = top_k_only(y_pred, top_k)
    if class_id is not None:
        if y_pred.ndim == 1:
            raise ValueError(
                "`class_id` needs predictions of shape (samples, classes). "
                f"Received: shape {y_pred.shape}"
            )
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    if weights is None:
        weights = np.ones(())
    if label_weights is not None:
        weights = weights * np.asarray(label_weights, np.float64)[None]
    try:
        weights = np.broadcast_to(weights, y_pred.shape)
    except ValueError:
        raise ValueError(
            f"`sample_weight` of shape {np.shape(sample_weight)} does not fit predictions of "
            f"shape {y_pred.shape}."
        ) from None
    positive = y_true.astype(bool)
    groups = range(y_pred.shape[-1]) if multi_label else (slice(None),)
    found = [_above(y_pred[..., g], positive[..., g], weights[..., g], thresholds) for g in groups]
    if not multi_label:
        return found[0]
    tp, fp, right, wrong = (np.stack(part, axis=-1) for part in zip(*found, strict=True))
    return tp, fp, right, wrong


def _above(y_pred, positive, weights, thresholds):
    """Sums of weights above each threshold, for positive and for negative targets."""
    p, label, w = y_pred.ravel(), positive.ravel(), weights.ravel()
    t = np.asarray(thresholds, np.float32)
    if are_even(np.clip(t, 0, 1)):
        # Keras's own rounding: the bucket of a prediction that meets a threshold
        bucket = np.ceil(np.clip(p, 0, 1) * np.float32(len(t) - 1)).astype(np.int64)
        if t[0] < 0:
            bucket = np.maximum(bucket, 1)
        place = np.arange(len(t))
    else:
        order = np.argsort(t, kind="stable")
        bucket = np.searchsorted(t[order], np.where(np.isnan(p), -np.inf, p), side="left")
        place = np.empty(len(t), np.int64)
        place[order] = np.arange(len(t))
    sums = []
    for side in (label, ~label):
        of_bucket = np.bincount(bucket[side], weights=w[side], minlength=len(t) + 1)
        sums.append(of_bucket[::-1].cumsum()[::-1][1:][place])  # in buckets behind a threshold
    return *sums, float(w[label].sum()), float(w[~label].sum())


def divide_no_nan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a / b`, 0 where b is 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)
