"""Keras's cross-entropies."""

from __future__ import annotations

import numpy as np

from minidl._tape import Tensor, as_float, as_floats, as_tensor, wrap
from minidl.ops._checks import normalize_axis
from minidl.ops._typing import TensorLike
from minidl.ops.activations import softplus
from minidl.ops.elementwise import log, negative
from minidl.ops.indexing import one_hot
from minidl.ops.more_elementwise import clip
from minidl.ops.reduce import sum
from minidl.ops.shape import moveaxis, squeeze
from minidl.ops.softmax import softmax_cross_entropy

EPSILON = 1e-7


def _log_probabilities(output: Tensor, axis: int) -> Tensor:
    """Logarithms of probabilities, scaled to sum to one and clipped as Keras does."""
    output = output / sum(output, axis, True)
    return log(clip(output, EPSILON, 1 - EPSILON))


def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """`-sum(target * log(output))` along `axis`.

    Args:
        target: float tensor of probabilities or one-hot vectors, in the shape of `output`.
        output: float tensor of probabilities, or logits. The output of `softmax` is traced back to
            its logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.

    Returns:
        The losses, without `axis`. Probabilities are clipped to [1e-7, 1 - 1e-7].

    Raises:
        ValueError: if the shapes differ or are without axes.
        TypeError: for float32 beside float64.

    Source: `keras.ops.categorical_crossentropy`.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.0, 0.0]], from_logits=True)
    Tensor([0.6931472], shape=(1,), dtype=float32)
    """
    output, target = as_floats(output, target)
    if target.shape != output.shape or output.ndim < 1:
        raise ValueError(
            "categorical_crossentropy: target and output must have one shape with at least one "
            f"axis. Received: target.shape={target.shape}, output.shape={output.shape}"
        )
    axis = normalize_axis(axis, output.ndim)
    last = axis == output.ndim - 1
    logits = output if from_logits else (output._logits if last else None)
    if logits is None:
        return negative(sum(target * _log_probabilities(output, axis), axis))
    if not last:
        target, logits = moveaxis(target, axis, -1), moveaxis(logits, axis, -1)
    return softmax_cross_entropy(logits, target)


def sparse_categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """`-log(output)` of the true classes along `axis`.

    Args:
        target: integer tensor of true classes, in the shape of `output` without `axis`, or with
            size 1 there. Floats must hold whole numbers.
        output: float tensor of probabilities, or logits. The output of `softmax` is traced back to
            its logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.

    Returns:
        The losses, without `axis`. Probabilities are clipped to [1e-7, 1 - 1e-7].

    Raises:
        ValueError: if the shapes do not fit, or a class is not in [0, classes).

    Source: `keras.ops.sparse_categorical_crossentropy`.

    >>> sparse_categorical_crossentropy([1], [[0.0, 0.0]], from_logits=True)
    Tensor([0.6931472], shape=(1,), dtype=float32)
    """
    output = as_float(output)
    if output.ndim < 1:
        raise ValueError(
            "sparse_categorical_crossentropy: output must have an axis of classes. "
            f"Received: output.shape={output.shape}"
        )
    axis = normalize_axis(axis, output.ndim)
    target = _class_numbers(target)
    wanted = output.shape[:axis] + output.shape[axis + 1 :]
    if target.ndim == output.ndim and target.shape[axis] == 1:
        target = squeeze(target, axis)
    if target.shape != wanted:
        raise ValueError(
            f"sparse_categorical_crossentropy: target must have shape {wanted} for output of shape "
            f"{output.shape}. Received: target.shape={target.shape}"
        )
    classes = output.shape[axis]
    last = axis == output.ndim - 1
    logits = output if from_logits else (output._logits if last else None)
    if logits is None:
        _check_labels(target, classes, output)
        hits = one_hot(target, classes, axis, output.dtype)
        return negative(sum(hits * _log_probabilities(output, axis), axis))
    try:  # the kernel looks at the labels
        return softmax_cross_entropy(logits if last else moveaxis(logits, axis, -1), target)
    except ValueError:
        _check_labels(target, classes, output)
        raise


def _check_labels(target: Tensor, classes: int, output: Tensor) -> None:
    labels = target.data
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise ValueError(
            f"sparse_categorical_crossentropy: labels must be in [0, {classes}), the classes of "
            f"output {output.shape}. Received: label {wrong.flat[0]}"
        )


def _class_numbers(target: TensorLike) -> Tensor:
    target = as_tensor(target)
    if target.dtype.kind != "f":
        return target
    if not np.equal(np.mod(target.data, 1), 0).all():
        raise ValueError(
            "sparse_categorical_crossentropy: target must hold whole class numbers; for "
            f"probabilities use categorical_crossentropy. Received: {target}"
        )
    return wrap(np.asarray(target.data.astype("int64")))


def binary_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False
) -> Tensor:
    """`-target * log(output) - (1 - target) * log(1 - output)`, element by element.

    Args:
        target: float tensor with values in [0, 1], in the shape of `output`.
        output: float tensor of probabilities, or logits.
        from_logits: whether `output` holds logits.

    Returns:
        The losses, of the same shape. Probabilities are clipped to [1e-7, 1 - 1e-7].

    Raises:
        ValueError: if the shapes differ.
        TypeError: for float32 beside float64.

    Source: `keras.ops.binary_crossentropy`.

    >>> binary_crossentropy([1.0], [0.0], from_logits=True)
    Tensor([0.6931472], shape=(1,), dtype=float32)
    """
    output, target = as_floats(output, target)
    if target.shape != output.shape:
        raise ValueError(
            "binary_crossentropy: target and output must have one shape. "
            f"Received: target.shape={target.shape}, output.shape={output.shape}"
        )
    if from_logits:
        return softplus(output) - target * output
    output = clip(output, EPSILON, 1 - EPSILON)
    return negative(target * log(output) + (1 - target) * log(1 - output))
