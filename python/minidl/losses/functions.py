"""Loss functions: one value per sample, the mean over the last axis where there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor, wrap
from .loss import _as_float, same_rank, targets_like

_WANT_ONE_HOT = (
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "kl_divergence",
)


def fitting(name: str, y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets and predictions as tensors of one dtype whose shapes fit.

    Raises:
        ValueError: they do not; the message says so where class numbers were meant.
    """
    y_pred = _as_float(y_pred)
    y_true, y_pred = same_rank(targets_like(y_true, y_pred), y_pred)
    a, b = y_true.shape, y_pred.shape
    if len(a) != len(b) or any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
        raise ValueError(
            f"{name}: targets of shape {a} do not fit predictions of shape {b}."
            + (_one_hot_hint(a, b) if name in _WANT_ONE_HOT else "")
        )
    return y_true, y_pred


def _one_hot_hint(a: tuple, b: tuple) -> str:
    if len(a) == len(b) - 1 and b[-1] > 1:
        return (
            " They look like class numbers: use 'sparse_categorical_crossentropy', or make them "
            "one-hot with minidl.utils.to_categorical."
        )
    return ""


def mean_squared_error(y_true, y_pred):
    """Mean of the squared differences over the last axis.

    Args:
        y_true: Targets, shape `(batch, ...)`.
        y_pred: Predictions of the same shape.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.mean_squared_error`.

    >>> import minidl
    >>> minidl.losses.mean_squared_error([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
    array([5.], dtype=float32)
    """
    y_true, y_pred = fitting("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true, y_pred):
    """Mean of the absolute differences over the last axis.

    Args:
        y_true: Targets, shape `(batch, ...)`.
        y_pred: Predictions of the same shape.

    Returns:
        Tensor of shape `(batch, ...)` without the last axis.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.mean_absolute_error`.

    >>> import minidl
    >>> minidl.losses.mean_absolute_error([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
    array([2.], dtype=float32)
    """
    y_true, y_pred = fitting("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


def class_numbers(y_true: Any, shape: tuple, name: str = "sparse_categorical_crossentropy"):
    """Targets as integers of the predictions' leading shape.

    Raises:
        ValueError: one-hot or fractional targets, or another shape.
    """
    labels = y_true.data if isinstance(y_true, Tensor) else np.asarray(y_true)
    if labels.ndim == len(shape) and labels.ndim > 0 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != tuple(shape[:-1]):
        hint = ""
        if labels.shape == tuple(shape):
            hint = (
                " They look one-hot: use 'categorical_crossentropy', or np.argmax(y, -1) to get "
                "class numbers."
            )
        raise ValueError(
            f"{name} wants one class number per prediction, shape {tuple(shape[:-1])} for "
            f"predictions of shape {tuple(shape)}. Received targets of shape {labels.shape}.{hint}"
        )
    if labels.dtype.kind not in "iu":
        whole = labels.astype(np.int64) if labels.dtype.kind in "bf" else None
        if whole is None or not np.array_equal(whole, labels):
            raise ValueError(
                f"{name} wants whole class numbers. Received targets of dtype {labels.dtype}"
                + (" with fractions." if labels.dtype.kind == "f" else ".")
            )
        labels = whole
    return labels


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """-log of the probability given to the right class.

    Args:
        y_true: Class numbers, shape `(batch, ...)`.
        y_pred: Probabilities (or logits), shape `(batch, ..., classes)`.
        from_logits: Whether `y_pred` holds logits. Defaults to False. Probabilities that come
            straight from a softmax are taken back to their logits, which is exact where they
            would round to 0.
        ignore_class: Class whose samples count 0; None for none.
        axis: Axis of the classes. Defaults to -1.

    Returns:
        Tensor of shape `(batch, ...)`.

    Raises:
        ValueError: targets that are no whole numbers, of another shape, or out of range.

    Source: `keras.losses.sparse_categorical_crossentropy`.

    >>> import minidl
    >>> minidl.losses.sparse_categorical_crossentropy([1], [[0.25, 0.75]]).numpy().round(4)
    array([0.2877], dtype=float32)
    """
    y_pred = _as_float(y_pred)
    if axis not in (-1, len(y_pred.shape) - 1):
        order = [i for i in range(len(y_pred.shape)) if i != axis % len(y_pred.shape)]
        y_pred = ops.transpose(y_pred, [*order, axis % len(y_pred.shape)])
    labels = class_numbers(y_true, y_pred.shape)
    y_pred, from_logits = _logits_of(y_pred, from_logits)
    if ignore_class is None:
        if from_logits:  # the kernel checks the range itself
            return ops.softmax_cross_entropy(y_pred, labels)
        return ops.sparse_categorical_crossentropy(labels, y_pred, from_logits)
    valid = labels != ignore_class
    values = ops.sparse_categorical_crossentropy(np.where(valid, labels, 0), y_pred, from_logits)
    values = values * valid.astype(y_pred.data.dtype)
    values._keras_mask = wrap(valid)
    return values


def _logits_of(y_pred: Tensor, from_logits: bool) -> tuple[Tensor, bool]:
    """The logits behind an untouched softmax, else the predictions as they are."""
    if not from_logits and y_pred._logits is not None:
        return y_pred._logits, True
    return y_pred, from_logits


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """-sum(y_true * log(y_pred)) over the classes.

    Args:
        y_true: One-hot targets or probabilities, shape `(batch, ..., classes)`.
        y_pred: Probabilities (or logits) of the same shape.
        from_logits: Whether `y_pred` holds logits. Defaults to False.
        label_smoothing: In [0, 1]: share of the target spread evenly over all classes.
        axis: Axis of the classes. Defaults to -1.

    Returns:
        Tensor of shape `(batch, ...)`.

    Raises:
        ValueError: the shapes differ.

    Source: `keras.losses.categorical_crossentropy`.

    >>> import minidl
    >>> minidl.losses.categorical_crossentropy([[0, 1]], [[0.25, 0.75]]).numpy().round(4)
    array([0.2877], dtype=float32)
    """
    y_pred = _as_float(y_pred)
    y_true = targets_like(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            "categorical_crossentropy wants one-hot targets of the predictions' shape "
            f"{y_pred.shape}. Received targets of shape {y_true.shape}."
            + _one_hot_hint(y_true.shape, y_pred.shape)
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    if axis in (-1, len(y_pred.shape) - 1):
        y_pred, from_logits = _logits_of(y_pred, from_logits)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits, axis)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Mean over `axis` of -y log(p) - (1 - y) log(1 - p).

    Args:
        y_true: Targets in [0, 1], shape `(batch, ...)`.
        y_pred: Probabilities (or logits) of the same shape.
        from_logits: Whether `y_pred` holds logits. Defaults to False.
        label_smoothing: In [0, 1]: targets move so far towards 0.5.
        axis: Axis of the mean. Defaults to -1.

    Returns:
        Tensor of shape `(batch, ...)` without `axis`.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.binary_crossentropy`.

    >>> import minidl
    >>> minidl.losses.binary_crossentropy([[1.0]], [[0.5]]).numpy().round(4)
    array([0.6931], dtype=float32)
    """
    y_true, y_pred = fitting("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits), axis=axis)
