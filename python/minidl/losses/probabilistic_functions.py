"""Losses between distributions as functions; the cross-entropies stand in `functions`."""

from __future__ import annotations

from .. import ops
from ..config import epsilon
from .functions import class_numbers, fitting
from .loss import _as_float


def kl_divergence(y_true, y_pred):
    """`sum(y_true * log(y_true / y_pred))` over the last axis.

    Args:
        y_true: Probabilities, shape `(batch, ..., classes)`.
        y_pred: Probabilities of the same shape. Both are clipped to [`config.epsilon()`, 1].

    Returns:
        Tensor of shape `(batch, ...)`.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.kl_divergence`.

    >>> import minidl
    >>> minidl.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).numpy().round(4)
    array([0.1438], dtype=float32)
    """
    y_true, y_pred = fitting("kl_divergence", y_true, y_pred)
    y_true, y_pred = (ops.clip(y, epsilon(), 1.0) for y in (y_true, y_pred))
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true, y_pred):
    """Mean of `y_pred - y_true * log(y_pred)` over the last axis, for counts.

    Args:
        y_true: Counts, shape `(batch, ...)`.
        y_pred: Expected counts of the same shape.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.poisson`.

    >>> import minidl
    >>> minidl.losses.poisson([[2.0, 0.0]], [[2.0, 1.0]]).numpy().round(4)
    array([0.8069], dtype=float32)
    """
    y_true, y_pred = fitting("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + epsilon()), axis=-1)


def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Binary cross-entropy times `(1 - p)**gamma`, p being the probability of the right answer.

    Args:
        y_true: Targets in [0, 1], shape `(batch, ...)`.
        y_pred: Probabilities (or logits) of the same shape.
        apply_class_balancing: Whether class 1 weighs `alpha` and class 0 `1 - alpha`.
        alpha: See above. Defaults to 0.25.
        gamma: How much easy samples are faded out. Defaults to 2.
        from_logits: Whether `y_pred` holds logits. Defaults to False.
        label_smoothing: In [0, 1]: targets move so far towards 0.5.
        axis: Axis of the mean. Defaults to -1.

    Returns:
        Tensor of shape `(batch, ...)` without `axis`.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.binary_focal_crossentropy`; Lin et al. 2017.

    >>> import minidl
    >>> minidl.losses.binary_focal_crossentropy([[1.0]], [[0.5]]).numpy().round(4)
    array([0.1733], dtype=float32)
    """
    y_true, y_pred = fitting("binary_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    values = ops.binary_crossentropy(y_true, y_pred, from_logits)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = ops.power(1.0 - right, gamma) * values
    if apply_class_balancing:
        values = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * values
    return ops.mean(values, axis=axis)


def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Cross-entropy whose terms are multiplied by `alpha * (1 - p)**gamma`.

    Args:
        y_true: One-hot targets or probabilities, shape `(batch, ..., classes)`.
        y_pred: Probabilities (or logits) of the same shape.
        alpha: A number, or one for each class. Defaults to 0.25.
        gamma: How much easy samples are faded out. Defaults to 2.
        from_logits: Whether `y_pred` holds logits. Defaults to False.
        label_smoothing: In [0, 1]: share of the target spread evenly over all classes.
        axis: Axis of the classes. Defaults to -1.

    Returns:
        Tensor of shape `(batch, ...)`.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.categorical_focal_crossentropy`; Lin et al. 2017.

    >>> import minidl
    >>> loss = minidl.losses.categorical_focal_crossentropy([[0, 1]], [[0.5, 0.5]])
    >>> loss.numpy().round(4)
    array([0.0433], dtype=float32)
    """
    y_true, y_pred = fitting("categorical_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    y_pred = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    y_pred = ops.clip(y_pred, epsilon(), 1.0 - epsilon())
    factor = ops.power(1.0 - y_pred, gamma) * ops.cast(alpha, y_pred.dtype)
    return ops.negative(ops.sum(factor * y_true * ops.log(y_pred), axis=axis))


def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """`(1 - p**q) / q`, p being the probability of the right class: bears wrong labels.

    Args:
        y_true: Class numbers, shape `(batch, ...)`.
        y_pred: Probabilities, shape `(batch, ..., classes)`.
        q: In (0, 1): near 0 like cross-entropy, near 1 like the absolute error.

    Returns:
        Tensor of shape `(batch, ...)`.

    Raises:
        ValueError: targets that are no whole numbers, or of another shape.

    Source: `keras.losses.categorical_generalized_cross_entropy`; Zhang and Sabuncu 2018.

    >>> import minidl
    >>> minidl.losses.categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5).numpy()
    array([1.], dtype=float32)
    """
    y_pred = _as_float(y_pred)
    labels = class_numbers(y_true, y_pred.shape, "categorical_generalized_cross_entropy")
    hits = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
    right = ops.maximum(ops.sum(y_pred * hits, axis=-1), epsilon())  # its slope at 0 is infinite
    return (1.0 - ops.power(right, q)) / q
