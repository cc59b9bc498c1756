"""Activation functions made of other ops, which give them their gradients too."""

from __future__ import annotations

import numpy as np

from minidl._tape import Tensor, as_float, wrap
from minidl.ops._checks import normalize_axis, read_number
from minidl.ops._typing import TensorLike
from minidl.ops.activations import relu, sigmoid, softplus, tanh
from minidl.ops.elementwise import absolute, expm1, maximum, minimum, sqrt, square
from minidl.ops.indexing import where
from minidl.ops.joining import split
from minidl.ops.more_elementwise import clip
from minidl.ops.reduce import sum


def softsign(x: TensorLike) -> Tensor:
    """`x / (1 + abs(x))`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.softsign`.

    >>> softsign([-1.0, 1.0])
    Tensor([-0.5,  0.5], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    return x / (absolute(x) + 1)


def mish(x: TensorLike) -> Tensor:
    """`x * tanh(softplus(x))`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.activations.mish`; Misra, 2019.

    >>> mish([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    return x * tanh(softplus(x))


def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`.

    Args:
        x: float tensor of any shape.
        alpha: minus the limit at -inf.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.celu`; Barron, 2017.

    >>> celu([0.0, 2.0])
    Tensor([0., 2.], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    alpha = read_number(alpha, "alpha", "celu")
    if alpha == 0:
        raise ValueError("celu: `alpha` must not be 0. Received: alpha=0")
    return where(x > 0, x, expm1(minimum(x, 0.0) / alpha) * alpha)


def hard_sigmoid(x: TensorLike) -> Tensor:
    """`x / 6 + 0.5`, limited to [0, 1].

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.hard_sigmoid`.

    >>> hard_sigmoid([-3.0, 0.0, 3.0])
    Tensor([0. , 0.5, 1. ], shape=(3,), dtype=float32)
    """
    return relu(as_float(x) + 3.0, max_value=6.0) * (1 / 6)


def hard_silu(x: TensorLike) -> Tensor:
    """`x * hard_sigmoid(x)`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.hard_silu`.

    >>> hard_silu([-3.0, 0.0, 3.0])
    Tensor([-0.,  0.,  3.], shape=(3,), dtype=float32)
    """
    x = as_float(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def hard_tanh(x: TensorLike) -> Tensor:
    """`x` limited to [-1, 1].

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.hard_tanh`.

    >>> hard_tanh([-3.0, 0.5])
    Tensor([-1. ,  0.5], shape=(2,), dtype=float32)
    """
    return clip(as_float(x), -1.0, 1.0)


def hard_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """`x` where its absolute value exceeds `threshold`, else 0.

    Args:
        x: float tensor of any shape.
        threshold: half the width of the gap.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.hard_shrink`.

    >>> hard_shrink([-0.4, 2.0])
    Tensor([0., 2.], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    threshold = read_number(threshold, "threshold", "hard_shrink", 0)
    return where(absolute(x) <= threshold, 0.0, x)


def soft_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """`x` moved by `threshold` towards 0, and 0 where it would get there.

    Args:
        x: float tensor of any shape.
        threshold: the distance.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.soft_shrink`.

    >>> soft_shrink([-0.4, 2.0])
    Tensor([0. , 1.5], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    threshold = read_number(threshold, "threshold", "soft_shrink", 0)
    return where(absolute(x) <= threshold, 0.0, where(x > 0, x - threshold, x + threshold))


def tanh_shrink(x: TensorLike) -> Tensor:
    """`x - tanh(x)`.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.tanh_shrink`.

    >>> tanh_shrink([0.0])
    Tensor([0.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    return x - tanh(x)


def threshold(x: TensorLike, threshold: float, default_value: float) -> Tensor:
    """`x` where it exceeds `threshold`, else `default_value`.

    Args:
        x: float tensor of any shape.
        threshold: what `x` must exceed.
        default_value: the value elsewhere.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.threshold`.

    >>> threshold([-1.0, 2.0], 1.0, 0.5)
    Tensor([0.5, 2. ], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    limit = read_number(threshold, "threshold", "threshold")
    return where(x <= limit, read_number(default_value, "default_value", "threshold"), x)


def squareplus(x: TensorLike, b: float = 4) -> Tensor:
    """`(x + sqrt(x^2 + b)) / 2`.

    Args:
        x: float tensor of any shape.
        b: the smoothness at 0.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.squareplus`; Barron, 2021.

    >>> squareplus([0.0])
    Tensor([1.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    return (x + sqrt(square(x) + read_number(b, "b", "squareplus"))) * 0.5


def sparse_plus(x: TensorLike) -> Tensor:
    """0 up to -1, `x` from 1 on, and `(x + 1)^2 / 4` between.

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.sparse_plus`.

    >>> sparse_plus([-2.0, 0.0, 2.0])
    Tensor([0.  , 0.25, 2.  ], shape=(3,), dtype=float32)
    """
    x = as_float(x)
    return where(x <= -1, 0.0, where(x < 1, square(clip(x, -1.0, 1.0) + 1) * 0.25, x))


def sparse_sigmoid(x: TensorLike) -> Tensor:
    """`(x + 1) / 2`, limited to [0, 1].

    Args:
        x: float tensor of any shape.

    Returns:
        A tensor of the same shape.

    Source: `keras.ops.sparse_sigmoid`.

    >>> sparse_sigmoid([-2.0, 0.0, 2.0])
    Tensor([0. , 0.5, 1. ], shape=(3,), dtype=float32)
    """
    return relu(as_float(x) + 1.0, max_value=2.0) * 0.5


def sparsemax(x: TensorLike, axis: int = -1) -> Tensor:
    """The point of the simplex nearest to `x` along `axis`: as softmax, but with true zeros.

    Args:
        x: float tensor of any shape with at least one axis.
        axis: the axis whose values sum to one.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.sparsemax`; Martins and Astudillo, 2016.

    >>> sparsemax([0.0, 0.5, 3.0])
    Tensor([0., 0., 1.], shape=(3,), dtype=float32)
    """
    x = as_float(x)
    axis = normalize_axis(axis, x.ndim)
    # How many values stay is read off the sorted ones and has no gradient; the rest is ops.
    down = -np.sort(-x.data, axis)
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    count = np.arange(1, x.shape[axis] + 1, dtype=x.dtype).reshape(shape)
    stays = (1 + count * down > np.cumsum(down, axis)).sum(axis, keepdims=True)
    least = np.take_along_axis(down, np.maximum(stays, 1) - 1, axis)
    inside = wrap((x.data >= least).astype(x.dtype))
    size = wrap(np.asarray(inside.data.sum(axis, keepdims=True)))
    return maximum(x - (sum(x * inside, axis, True) - 1) / size, 0.0)


def glu(x: TensorLike, axis: int = -1) -> Tensor:
    """The gated linear unit: the first half of `x` times the sigmoid of the second.

    Args:
        x: float tensor whose size along `axis` is even.
        axis: the axis to halve.

    Returns:
        A tensor with half the size along `axis`.

    Raises:
        ValueError: if `x` has no such axis, or its size is odd.

    Source: `keras.ops.glu`; Dauphin et al., 2016.

    >>> glu([2.0, 0.0])
    Tensor([1.], shape=(1,), dtype=float32)
    """
    x = as_float(x)
    axis = normalize_axis(axis, x.ndim)
    if x.shape[axis] % 2:
        raise ValueError(
            f"glu: the size of `x` along axis {axis} must be even. Received: x.shape={x.shape}"
        )
    value, gate = split(x, 2, axis)
    return value * sigmoid(gate)
