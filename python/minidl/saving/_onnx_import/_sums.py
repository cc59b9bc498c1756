"""Sums over axes, products of matrices, and softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._registry import PLAIN, Refused, axes_in, ints, is_float, operator, simple


def _axes(given: Any, attribute: Any, rank: int, noop: int) -> tuple[int, ...] | None:
    """The axes to sum over; None for not at all."""
    chosen = attribute if given is None else ints(given)
    if not chosen:
        return None if noop else tuple(range(rank))
    return tuple(axes_in(chosen, rank))


def _reduction(name: str, function: Any) -> None:
    @operator(name)
    def make(axes=None, keepdims=1, noop_with_empty_axes=0):
        def run(x, given=None):
            along = _axes(given, axes, x.ndim, noop_with_empty_axes)
            return function(x, () if along is None else along, bool(keepdims))

        return run


def _sum(x: Any, axes: tuple, keepdims: bool) -> Any:
    if not axes:
        return x
    out = ops.sum(x, axes, keepdims)
    return out if out.data.dtype == x.data.dtype else ops.cast(out, x.data.dtype)


def _mean(x: Any, axes: tuple, keepdims: bool) -> Any:
    if not axes:
        return x
    if is_float(x):
        return ops.mean(x, axes, keepdims)
    return Tensor(np.asarray(x.data.mean(axes, keepdims=keepdims)).astype(x.data.dtype))


def _extreme(function: Any, least: bool) -> Any:
    def run(x, axes, keepdims):
        if not axes:
            return x
        if not math.prod(x.shape[a] for a in axes):  # of nothing: the neutral element
            dtype = x.data.dtype
            if dtype.kind == "f":
                neutral = np.inf if least else -np.inf
            elif dtype.kind == "b":
                neutral = least
            else:
                neutral = np.iinfo(dtype).max if least else np.iinfo(dtype).min
            shape = [1 if i in axes else n for i, n in enumerate(x.shape)]
            if not keepdims:
                shape = [n for i, n in enumerate(x.shape) if i not in axes]
            return Tensor(np.full(shape, neutral, dtype))
        return function(x, axes, keepdims)

    return run


def _prod(x: Any, axes: tuple, keepdims: bool) -> Any:
    for axis in sorted(axes, reverse=True):
        x = ops.prod(x, axis, keepdims)
    return x


def _log_sum_exp(x: Any, axes: tuple, keepdims: bool) -> Any:
    if not axes:
        return x
    if not math.prod(x.shape[a] for a in axes):
        return ops.log(_sum(x, axes, keepdims))
    return ops.logsumexp(x, axes, keepdims)


_reduction("ReduceSum", _sum)
_reduction("ReduceMean", _mean)
_reduction("ReduceMax", _extreme(ops.max, False))
_reduction("ReduceMin", _extreme(ops.min, True))
_reduction("ReduceProd", _prod)
_reduction("ReduceL1", lambda x, a, k: _sum(ops.abs(x), a, k))
_reduction("ReduceL2", lambda x, a, k: ops.sqrt(_sum(x * x, a, k)))
_reduction("ReduceSumSquare", lambda x, a, k: _sum(x * x, a, k))
_reduction("ReduceLogSum", lambda x, a, k: ops.log(_sum(x, a, k)))
_reduction("ReduceLogSumExp", _log_sum_exp)


def _cumulated(name: str, function: Any, neutral: int) -> None:
    @operator(name)
    def make(exclusive=0, reverse=0):
        def run(x, axis):
            (along,) = axes_in([int(np.asarray(axis.data).reshape(()))], x.ndim)
            n = x.shape[along]
            if reverse:
                x = ops.flip(x, along)
            if exclusive and n:
                borders = [(1, 0) if i == along else (0, 0) for i in range(x.ndim)]
                key = tuple(slice(0, n - 1) if i == along else slice(None) for i in range(x.ndim))
                fill = np.asarray(neutral, x.data.dtype)[()]
                x = ops.pad(ops.getitem(x, key), borders, constant_values=fill)
            out = ops.cast(function(x, along), x.data.dtype)
            return ops.flip(out, along) if reverse else out

        return run


_cumulated("CumSum", ops.cumsum, 0)
_cumulated("CumProd", ops.cumprod, 1)


# -- products -------------------------------------------------------------------------------------
def product(x: Any, y: Any) -> Any:
    """`matmul` that keeps the dtype of integers."""
    if is_float(x):
        return ops.matmul(x, y)
    return Tensor(np.matmul(x.data, y.data))


simple("MatMul", product, PLAIN)


@operator("Gemm")
def _gemm(alpha=1.0, beta=1.0, transA=0, transB=0):
    def run(a, b, c=None):
        if not is_float(a):
            raise Refused("integers")
        a = ops.transpose(a) if transA else a
        b = ops.transpose(b) if transB else b
        if c is not None and alpha == beta == 1 and c.ndim == 1 and c.shape[0] == b.shape[1]:
            return ops.dense(a, b, c)
        out = ops.matmul(a, b)
        out = out if alpha == 1 else out * alpha
        if c is None or beta == 0:
            return out
        return out + (c if beta == 1 else c * beta)

    return run


@operator("Einsum")
def _einsum(equation):
    def run(*xs):
        return ops.einsum(equation.replace(" ", ""), *xs)

    return run


# -- softmax --------------------------------------------------------------------------------------
def _softmax(name: str, function: Any) -> None:
    @operator(name)
    def make(axis=None, _version=13):
        def run(x):
            along = (-1 if _version >= 13 else 1) if axis is None else axis
            (along,) = axes_in([along], x.ndim)
            if _version >= 13:
                return function(x, along)
            flat = ops.reshape(x, (math.prod(x.shape[:along]), -1))  # as it was before
            return ops.reshape(function(flat, -1), x.shape)

        return run


def _hardmax(x: Any, axis: int) -> Any:
    at = np.expand_dims(np.argmax(x.data, axis), axis)
    out = np.zeros(x.shape, x.data.dtype)
    np.put_along_axis(out, at, 1, axis)
    return Tensor(out)


_softmax("Softmax", ops.softmax)
_softmax("LogSoftmax", ops.log_softmax)
_softmax("Hardmax", _hardmax)
