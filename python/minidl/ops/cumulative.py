"""Products, running sums, weighted means, norms and quantiles: made of other ops."""

from __future__ import annotations

import math

import numpy as np

from minidl._tape import Tensor, as_float, as_floats, as_tensor, record, wrap
from minidl.ops._checks import normalize_axes, normalize_axis
from minidl.ops._numpy import reduce_by_numpy
from minidl.ops._typing import Axis, DTypeLike, TensorLike
from minidl.ops.convert import cast, ones
from minidl.ops.elementwise import absolute, sqrt, square
from minidl.ops.indexing import take, where
from minidl.ops.joining import concatenate, split
from minidl.ops.more_elementwise import power
from minidl.ops.reduce import max, mean, min, sum
from minidl.ops.shape import broadcast_to, flip, moveaxis, ravel, reshape, squeeze, transpose
from minidl.ops.sorting import sort


def _flat(x: TensorLike, axis: int | None, dtype: DTypeLike | None) -> tuple[Tensor, int]:
    """The tensor, flattened where there is no axis, and the axis."""
    x = as_tensor(x)
    if dtype is not None:
        x = cast(x, dtype)
    return (ravel(x), 0) if axis is None else (x, normalize_axis(axis, x.ndim))


def _root(x: Tensor) -> Tensor:
    """The square root, without a gradient where it is 0."""
    empty = x == 0
    return where(empty, 0.0, sqrt(where(empty, 1.0, x)))


def _count(x: np.ndarray, axis, keepdims: bool) -> np.ndarray:
    return np.count_nonzero(x, axis=axis, keepdims=keepdims).astype("int32")


def prod(
    x: TensorLike, axis: Axis = None, keepdims: bool = False, dtype: DTypeLike | None = None
) -> Tensor:
    """The product over `axis`.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.
        dtype: the dtype of the result; None keeps that of `x`.

    Returns:
        The products. The gradient is right at zeros too.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.prod`.

    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([3., 8.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if dtype is not None:
        x = cast(x, dtype)
    if x.dtype.kind != "f":
        kind = np.dtype("int32") if x.dtype.kind == "b" else x.dtype
        return reduce_by_numpy(np.prod, x, axis, keepdims, dtype=kind)
    shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    rest = [i for i in range(x.ndim) if i not in axes]
    count = math.prod(x.shape[i] for i in axes)
    y = reshape(transpose(x, (*axes, *rest)), (count, *shape))
    while y.shape[0] > 1:  # pairs, then pairs of pairs
        half = y.shape[0] // 2
        paired = y[:half] * y[half : 2 * half]
        y = concatenate([paired, y[2 * half :]]) if y.shape[0] % 2 else paired
    if y.shape[0] == 0:
        y = ones((1, *shape), x.dtype)
    return reshape(y, kept if keepdims else shape)


def cumsum(x: TensorLike, axis: int | None = None, dtype: DTypeLike | None = None) -> Tensor:
    """The sums of all elements up to each one.

    Args:
        x: tensor of any shape.
        axis: the axis; None means the flattened tensor.
        dtype: the dtype of the result; None keeps that of `x` (bool: int32).

    Returns:
        A tensor of the same shape (flat without an axis).

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.cumsum`.

    >>> cumsum([1.0, 2.0, 3.0])
    Tensor([1., 3., 6.], shape=(3,), dtype=float32)
    """
    x, axis = _flat(x, axis, dtype)
    y = np.cumsum(x.data, axis, dtype="int32" if x.dtype.kind == "b" else x.dtype)
    return record(y, (x,), (lambda dy: flip(cumsum(flip(dy, axis), axis), axis),))


def cumprod(x: TensorLike, axis: int | None = None, dtype: DTypeLike | None = None) -> Tensor:
    """The products of all elements up to each one.

    Args:
        x: tensor of any shape.
        axis: the axis; None means the flattened tensor.
        dtype: the dtype of the result; None keeps that of `x` (bool: int32).

    Returns:
        A tensor of the same shape (flat without an axis). The gradient is right at zeros
        too.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.cumprod`.

    >>> cumprod([1.0, 2.0, 3.0])
    Tensor([1., 2., 6.], shape=(3,), dtype=float32)
    """
    x, axis = _flat(x, axis, dtype)
    if x.dtype.kind != "f" or x.shape[axis] == 0:
        return wrap(np.cumprod(x.data, axis, dtype="int32" if x.dtype.kind == "b" else x.dtype))
    parts = split(x, x.shape[axis], axis)
    for i in range(1, len(parts)):
        parts[i] = parts[i - 1] * parts[i]
    return concatenate(parts, axis)


def diff(a: TensorLike, n: int = 1, axis: int = -1) -> Tensor:
    """The differences of neighbours.

    Args:
        a: tensor with an axis or more.
        n: how often; 2 gives differences of differences.
        axis: the axis.

    Returns:
        A tensor shorter by `n` along the axis.

    Raises:
        ValueError: if `a` has no such axis, or `n` is negative.

    Source: `keras.ops.diff`.

    >>> diff([1.0, 4.0, 9.0])
    Tensor([3., 5.], shape=(2,), dtype=float32)
    """
    a = as_tensor(a)
    axis = normalize_axis(axis, a.ndim)
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise ValueError(f"`n` must be an integer >= 0. Received: n={n!r}")
    later_key = (*(slice(None),) * axis, slice(1, None))
    earlier_key = (*(slice(None),) * axis, slice(None, -1))
    for _ in range(n):
        later, earlier = a[later_key], a[earlier_key]
        a = wrap(later.data ^ earlier.data) if a.dtype.kind == "b" else later - earlier
    return a


def amax(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The maximum over `axis`; another name of `max`.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        The maxima.

    Source: `keras.ops.amax`.

    >>> amax([1.0, 3.0])
    Tensor(3., shape=(), dtype=float32)
    """
    return max(x, axis, keepdims)


def amin(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The minimum over `axis`; another name of `min`.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        The minima.

    Source: `keras.ops.amin`.

    >>> amin([1.0, 3.0])
    Tensor(1., shape=(), dtype=float32)
    """
    return min(x, axis, keepdims)


def count_nonzero(x: TensorLike, axis: Axis = None) -> Tensor:
    """How many elements over `axis` are not zero.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.

    Returns:
        An int32 tensor.

    Source: `keras.ops.count_nonzero`.

    >>> int(count_nonzero([1.0, 0.0, 2.0]))
    2
    """
    return reduce_by_numpy(_count, x, axis, False)


def average(x: TensorLike, axis: Axis = None, weights: TensorLike | None = None) -> Tensor:
    """The weighted mean over `axis`.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        weights: tensor in the shape of `x`, or with one axis where `axis` is one; None
            means equal weights.

    Returns:
        A float tensor.

    Raises:
        ValueError: if the weights do not fit.

    Source: `keras.ops.average`.

    >>> average([1.0, 3.0], weights=[3.0, 1.0])
    Tensor(1.5, shape=(), dtype=float32)
    """
    if weights is None:
        return mean(x, axis)
    x, weights = as_floats(x, weights)
    if weights.shape != x.shape:
        if weights.ndim != 1 or not isinstance(axis, int):
            raise ValueError(
                "`weights` must have the shape of `x`, or one axis where `axis` is an integer. "
                f"Received: shapes {weights.shape} and {x.shape}, axis={axis}"
            )
        place = normalize_axis(axis, x.ndim)
        weights = reshape(weights, (-1,) + (1,) * (x.ndim - place - 1))
        weights = broadcast_to(weights, x.shape)
    return sum(x * weights, axis) / sum(weights, axis)


def norm(
    x: TensorLike, ord: int | float | str | None = None, axis: Axis = None, keepdims: bool = False
) -> Tensor:
    """The length of vectors, or the norm of matrices.

    Args:
        x: tensor of any shape.
        ord: for vectors 0, infinity, minus infinity or another number (the p of the
            p-norm); for matrices 'fro', 1, -1, infinity or minus infinity; None means the
            root of the sum of squares.
        axis: the axis of vectors, or the two of matrices; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        A float tensor; no gradient flows to a vector of zeros.

    Raises:
        ValueError: for an order that is none.

    Source: `keras.ops.norm`.

    >>> norm([3.0, 4.0])
    Tensor(5., shape=(), dtype=float32)
    """
    x = as_float(x)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(normalize_axis(a, x.ndim) for a in axes)
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return _root(sum(square(x), axes, keepdims))
    if len(axes) == 1 and not isinstance(ord, str):
        if ord in (math.inf, -math.inf):
            return (max if ord > 0 else min)(absolute(x), axes, keepdims)
        if ord == 0:
            return cast(sum(cast(x != 0, x.dtype), axes, keepdims), x.dtype)
        if ord == 1:
            return sum(absolute(x), axes, keepdims)
        return power(sum(power(absolute(x), float(ord)), axes, keepdims), 1.0 / ord)
    if len(axes) == 2 and ord in (1, -1, math.inf, -math.inf):
        inner, outer = axes if abs(ord) == 1 else axes[::-1]
        sums = sum(absolute(x), inner, keepdims=True)
        y = (max if ord > 0 else min)(sums, outer, keepdims=True)
        return y if keepdims else squeeze(y, axes)
    raise ValueError(
        "`ord` must be a number for vectors, and 'fro', 1, -1, inf or -inf for matrices. "
        f"Received: ord={ord!r} over {len(axes)} axes"
    )


def median(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The middle value over `axis`; the mean of the two middle ones of an even number.

    Args:
        x: tensor of any shape.
        axis: an axis or several; None means all.
        keepdims: keep the reduced axes with size 1.

    Returns:
        A float tensor.

    Raises:
        ValueError: if `x` has no such axis.

    Source: `keras.ops.median`.

    >>> median([1.0, 5.0, 2.0])
    Tensor(2., shape=(), dtype=float32)
    """
    return quantile(x, 0.5, axis, keepdims=keepdims)


def quantile(
    x: TensorLike, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """The values below which shares of the elements lie.

    Args:
        x: tensor of any shape.
        q: the shares, in [0, 1].
        axis: an axis or several; None means all.
        method: "linear" mixes neighbours; "lower", "higher" and "nearest" take one.
        keepdims: keep the reduced axes with size 1.

    Returns:
        A float tensor with the axes of `q` in front.

    Raises:
        ValueError: for shares outside [0, 1].

    Source: `keras.ops.quantile`.

    >>> quantile([0.0, 10.0], 0.25)
    Tensor(2.5, shape=(), dtype=float32)
    """
    x = as_float(x)
    shares = np.asarray(as_tensor(q).data, np.float64)
    if shares.size and not (shares.min() >= 0 and shares.max() <= 1):
        raise ValueError(f"`q` must lie in [0, 1]. Received: q={q!r}")
    if method not in ("linear", "lower", "higher", "nearest"):
        raise ValueError(f"`method` must be linear, lower, higher or nearest. Received: {method!r}")
    axes = normalize_axes(axis, x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    shape = tuple(x.shape[i] for i in rest)
    flat = reshape(transpose(x, (*rest, *axes)), (*shape, -1))
    rows = sort(flat)
    place = shares.ravel() * (rows.shape[-1] - 1)
    low = np.floor(place).astype(int)
    high = np.ceil(place).astype(int)
    part = {"linear": place - low, "lower": 0.0, "higher": 1.0}.get(method)
    if part is None:
        part = np.where(np.round(place) == high, 1.0, 0.0)
    part = np.broadcast_to(np.asarray(part), place.shape).astype(x.dtype)
    mixed = take(rows, low, -1) * (1 - part) + take(rows, high, -1) * part
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape)) if keepdims else shape
    return reshape(moveaxis(mixed, -1, 0), (*shares.shape, *kept))
