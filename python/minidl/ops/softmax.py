"""Softmax, its logarithm, and the cross-entropy fused with it."""

from __future__ import annotations

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_float, as_tensor, is_recording, record, without_logits, wrap
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import TensorLike
from minidl.ops.elementwise import exp, negative
from minidl.ops.reduce import sum
from minidl.ops.shape import expand_dims, moveaxis


def _over_axis(function, x: Tensor, axis: int) -> Tensor:
    """Apply a function of the last axis to another one."""
    axis = normalize_axis(axis, x.ndim)
    if x.shape[axis] == 0:
        raise ValueError(f"Softmax needs at least one class along axis {axis}. Received: {x.shape}")
    if axis == x.ndim - 1:
        return function(x)
    return moveaxis(function(moveaxis(x, axis, -1)), -1, axis)


def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """Exponentials that sum to one along `axis`.

    Args:
        x: float tensor of any shape with at least one axis.
        axis: the axis.

    Returns:
        A tensor of the same shape. It remembers `x`, so that a cross-entropy of it is computed
        from the logits and stays finite.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.softmax`.

    >>> softmax([0.0, 0.0])
    Tensor([0.5, 0.5], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    y = _over_axis(_softmax, x, axis)
    if normalize_axis(axis, x.ndim) == x.ndim - 1:
        y._logits = without_logits(x)
    return y


def _softmax(x: Tensor) -> Tensor:
    y = wrap(_core.softmax(x.data))
    return record(y, (x,), (_softmax_grad,), (y,))


def _softmax_grad(dy: Tensor, y: Tensor) -> Tensor:
    def to_y(ddx: Tensor, dy: Tensor, y: Tensor) -> Tensor:
        return ddx * (dy - sum(dy * y, -1, True)) - dy * sum(ddx * y, -1, True)

    return record(
        _core.softmax_grad(dy.data, y.data),
        (dy, y),
        (lambda ddx, dy, y: _softmax_grad(ddx, y), to_y),
        (dy, y),
    )


def log_softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """The logarithm of softmax along `axis`, without overflow.

    Args:
        x: float tensor of any shape with at least one axis.
        axis: the axis.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.log_softmax`.

    >>> log_softmax([0.0, 0.0])
    Tensor([-0.6931472, -0.6931472], shape=(2,), dtype=float32)
    """
    return _over_axis(_log_softmax, as_float(x), axis)


def _log_softmax(x: Tensor) -> Tensor:
    y = wrap(_core.log_softmax(x.data))
    return record(y, (x,), (_log_softmax_grad,), (y,))


def _log_softmax_grad(dy: Tensor, y: Tensor) -> Tensor:
    def to_dy(ddx: Tensor, dy: Tensor, y: Tensor) -> Tensor:
        return ddx - sum(ddx * exp(y), -1, True)

    def to_y(ddx: Tensor, dy: Tensor, y: Tensor) -> Tensor:
        return negative(ddx * exp(y) * sum(dy, -1, True))

    return record(_core.log_softmax_grad(dy.data, y.data), (dy, y), (to_dy, to_y), (dy, y))


def softmax_cross_entropy(logits: TensorLike, labels: TensorLike) -> Tensor:
    """`-sum(labels * log(softmax(logits)))` over the last axis.

    Args:
        logits: float tensor of shape (..., classes).
        labels: integers of shape (...), the true classes; or floats of shape (..., classes).

    Returns:
        The losses, shape (...). Labels given as floats get a gradient too.

    Raises:
        ValueError: if the shapes do not fit, or a label is not in [0, classes).

    Source: `tf.nn.softmax_cross_entropy_with_logits` and its sparse sister.

    >>> softmax_cross_entropy([[0.0, 0.0]], [1])
    Tensor([0.6931472], shape=(1,), dtype=float32)
    """
    logits = as_float(logits)
    labels = as_tensor(labels, logits.dtype) if _is_dense(labels) else as_tensor(labels)
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(
            "softmax_cross_entropy: logits need a last axis of at least one class. "
            f"Received: logits of shape {logits.shape}"
        )
    sparse = labels.dtype.kind != "f"
    wanted = logits.shape[:-1] if sparse else logits.shape
    if labels.shape != wanted:
        raise ValueError(
            f"softmax_cross_entropy: labels of dtype {labels.dtype} must have shape {wanted} for "
            f"logits of shape {logits.shape}. Received: labels of shape {labels.shape}"
        )
    classes, shape = logits.shape[-1], logits.shape[:-1]
    targets = labels.data
    if sparse:
        targets = targets.reshape(-1).astype(np.int64, copy=False)
    else:
        if targets.dtype != logits.dtype:
            raise TypeError(
                f"softmax_cross_entropy: labels of dtype {targets.dtype} do not mix with logits of "
                f"dtype {logits.dtype}; cast one with minidl.ops.cast."
            )
        targets = targets.reshape(-1, classes)
    rows = logits.data.reshape(-1, classes)
    loss, log_sum = _core.softmax_cross_entropy(rows, targets)

    def to_logits(dy: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        if not is_recording(dy, logits, labels):
            slope = _core.softmax_cross_entropy_grad(dy.data.reshape(-1), rows, targets, log_sum)
            return wrap(slope.reshape(logits.shape))
        # A tape wants to differentiate this again: the kernel's result, written in ops.
        dy = expand_dims(dy, -1)
        if sparse:
            hits = (labels.data[..., None] == np.arange(classes)).astype(logits.dtype)
            return dy * (_softmax(logits) - wrap(hits))
        return dy * (_softmax(logits) * sum(labels, -1, True) - labels)

    def to_labels(dy: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        return negative(expand_dims(dy, -1) * _log_softmax(logits))

    return record(
        loss.reshape(shape),
        (logits, labels),
        (to_logits, None if sparse else to_labels),
        (logits, labels),
    )


def _is_dense(labels: TensorLike) -> bool:
    """Whether untyped labels hold floats."""
    return np.asarray(labels).dtype.kind == "f"
