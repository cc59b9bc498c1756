"""Reductions over axes."""

from __future__ import annotations

import math

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_float, as_tensor, record, wrap
from minidl.ops._checks import normalize_axes, normalize_axis
from minidl.ops._numpy import reduce_by_numpy
from minidl.ops._typing import Axis, TensorLike
from minidl.ops.elementwise import exp, log, maximum, minimum, sqrt, square
from minidl.ops.shape import broadcast_to, reshape


def _kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a result with keepdims."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _spread(dy: Tensor, shape: tuple[int, ...], axes: tuple[int, ...]) -> Tensor:
    """The gradient of a sum: `dy` copied along the reduced axes."""
    return broadcast_to(reshape(dy, _kept(shape, axes)), shape)


def sum_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Sum `x` over the axes along which `shape` broadcasts to it."""
    extra = x.ndim - len(shape)
    axes = tuple(
        i for i in range(x.ndim) if i < extra or (shape[i - extra] == 1 and x.shape[i] != 1)
    )
    return reshape(sum(x, axes), shape)


def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis`.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        The sums, in the dtype of `x` (bool: int64).

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.sum`.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([4., 6.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    if x.dtype.kind != "f":
        dtype = None if x.dtype.kind == "b" else x.dtype
        return reduce_by_numpy(np.sum, x, axis, keepdims, dtype=dtype)
    axes, shape = normalize_axes(axis, x.ndim), x.shape
    return record(_core.sum(x.data, axes, keepdims), (x,), (lambda dy: _spread(dy, shape, axes),))


def mean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis`.

    Args:
        x: tensor of any shape; integers become floats.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        The means, a float tensor; NaN where there is nothing to average.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.mean`.

    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([2., 3.], shape=(2,), dtype=float32)
    """
    x = as_float(x)
    axes = normalize_axes(axis, x.ndim)
    shape = x.shape
    count = math.prod(shape[i] for i in axes)
    return record(
        _core.mean(x.data, axes, keepdims),
        (x,),
        (lambda dy: _spread(dy * (1.0 / (count or 1)), shape, axes),),
    )


def _extremum(kernel, fallback, x: TensorLike, axis: Axis, keepdims: bool) -> Tensor:
    """max or min: where several elements are the largest, they share the gradient."""
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if x.size == 0 and 0 in (x.shape[i] for i in axes):
        raise ValueError(f"An empty axis has no maximum or minimum. Received: shape {x.shape}")
    if x.dtype.kind != "f":
        return reduce_by_numpy(fallback, x, axis, keepdims)

    def gradient(dy: Tensor, x: Tensor, y: Tensor) -> Tensor:
        kept = _kept(x.shape, axes)
        hits = (x.data == y.data.reshape(kept)).astype(x.dtype)
        share = hits / np.maximum(hits.sum(axis=axes, keepdims=True), 1)
        return reshape(dy, kept) * wrap(np.asarray(share))

    y = wrap(kernel(x.data, axes, keepdims))
    return record(y, (x,), (gradient,), (x, y))


def _with_initial(reduce, choose, x: TensorLike, axis: Axis, keepdims: bool, initial) -> Tensor:
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if 0 in (x.shape[i] for i in axes):
        kept = [1 if i in axes else n for i, n in enumerate(x.shape)]
        shape = kept if keepdims else [n for i, n in enumerate(x.shape) if i not in axes]
        return wrap(np.full(shape, initial, x.dtype))
    return choose(reduce(x, axis, keepdims), wrap(np.asarray(initial, x.dtype)))


def max(
    x: TensorLike, axis: Axis = None, keepdims: bool = False, initial: float | None = None
) -> Tensor:
    """The maximum over `axis`; NaN wins.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.
        initial: a number that is compared too, so that an empty axis has an answer; None for none.

    Returns:
        The maxima, in the dtype of `x`. Equal maxima share the gradient.

    Raises:
        ValueError: if `x` has no such axis, or there is nothing to compare.

    Source: `keras.ops.max`.

    >>> max([[1.0, 2.0], [3.0, 0.0]], axis=1)
    Tensor([2., 3.], shape=(2,), dtype=float32)
    """
    if initial is not None:
        return _with_initial(max, maximum, x, axis, keepdims, initial)
    return _extremum(_core.max, np.max, x, axis, keepdims)


def min(
    x: TensorLike, axis: Axis = None, keepdims: bool = False, initial: float | None = None
) -> Tensor:
    """The minimum over `axis`; NaN wins.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.
        initial: a number that is compared too, so that an empty axis has an answer; None for none.

    Returns:
        The minima, in the dtype of `x`. Equal minima share the gradient.

    Raises:
        ValueError: if `x` has no such axis, or there is nothing to compare.

    Source: `keras.ops.min`.

    >>> min([[1.0, 2.0], [3.0, 0.0]], axis=1)
    Tensor([1., 0.], shape=(2,), dtype=float32)
    """
    if initial is not None:
        return _with_initial(min, minimum, x, axis, keepdims, initial)
    return _extremum(_core.min, np.min, x, axis, keepdims)


def var(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The biased variance over `axis`.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        The variances, a float tensor.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.var`.

    >>> var([1.0, 3.0])
    Tensor(1., shape=(), dtype=float32)
    """
    x = as_float(x)
    return mean(square(x - mean(x, axis, keepdims=True)), axis, keepdims)


def std(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The square root of the biased variance over `axis`.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        The standard deviations, a float tensor.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.std`.

    >>> std([1.0, 3.0])
    Tensor(1., shape=(), dtype=float32)
    """
    return sqrt(var(x, axis, keepdims))


def moments(x: TensorLike, axes: Axis, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """The mean and the biased variance over `axes`.

    Args:
        x: tensor of any shape.
        axes: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        `(mean, variance)`, float tensors.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.moments`.

    >>> moments([1.0, 3.0], axes=0)
    (Tensor(2., shape=(), dtype=float32), Tensor(1., shape=(), dtype=float32))
    """
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def logsumexp(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials over `axis`, without overflow.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        A float tensor.

    Raises:
        ValueError: if `x` has no such axis, or there is nothing to add.

    Source: `keras.ops.logsumexp`.

    >>> logsumexp([1000.0, 1000.0])
    Tensor(1000.6932, shape=(), dtype=float32)
    """
    x = as_float(x)
    axes = normalize_axes(axis, x.ndim)
    peak = _core.max(x.data, axes, True)
    peak = wrap(np.where(np.isfinite(peak), peak, 0).astype(x.dtype))
    y = log(sum(exp(x - peak), axes, keepdims=True)) + peak
    return y if keepdims else reshape(y, tuple(n for i, n in enumerate(x.shape) if i not in axes))


def all(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements over `axis` are true (not zero).

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        A bool tensor.

    Source: `keras.ops.all`.

    >>> bool(all([1, 0]))
    False
    """
    return reduce_by_numpy(np.all, x, axis, keepdims)


def any(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether some element over `axis` is true (not zero).

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        A bool tensor.

    Source: `keras.ops.any`.

    >>> bool(any([1, 0]))
    True
    """
    return reduce_by_numpy(np.any, x, axis, keepdims)


def _arg(function, x: TensorLike, axis: int | None, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if axis is not None:
        axis = normalize_axis(axis, x.ndim)
    return wrap(np.asarray(function(x.data, axis=axis, keepdims=keepdims), dtype="int32"))


def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first maximum along `axis`.

    Args:
        x: tensor of any shape.
        axis: an axis; None means the flattened tensor.
        keepdims: keep the reduced axis with size 1.

    Returns:
        An int32 tensor.

    Raises:
        ValueError: if `x` has no such axis, or it is empty.

    Source: `keras.ops.argmax`.

    >>> argmax([[1.0, 2.0], [3.0, 0.0]], axis=1)
    Tensor([1, 0], shape=(2,), dtype=int32)
    """
    return _arg(np.argmax, x, axis, keepdims)


def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first minimum along `axis`.

    Args:
        x: tensor of any shape.
        axis: an axis; None means the flattened tensor.
        keepdims: keep the reduced axis with size 1.

    Returns:
        An int32 tensor.

    Raises:
        ValueError: if `x` has no such axis, or it is empty.

    Source: `keras.ops.argmin`.

    >>> argmin([[1.0, 2.0], [3.0, 0.0]], axis=1)
    Tensor([0, 1], shape=(2,), dtype=int32)
    """
    return _arg(np.argmin, x, axis, keepdims)
