"""Operators on indices: gathering, scattering, sorting out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._registry import Refused, axes_in, check_size, ints, operator


def _at(x: Any) -> np.ndarray:
    return np.asarray(x.data)


def _indices(at: Any, n: int) -> np.ndarray:
    """Indices counted from the front; ValueError where one is out of range."""
    array = _at(at).astype("int64")
    if array.size and not -n <= array.min() <= array.max() < n:
        raise ValueError(f"an index is out of range for an axis of size {n}")
    return np.where(array < 0, array + n, array)


@operator("Gather")
def _gather(axis=0):
    def run(x, indices):
        (along,) = axes_in([axis], x.ndim)
        check_size((*x.shape[:along], *indices.shape, *x.shape[along + 1 :]))
        return ops.take(x, _indices(indices, x.shape[along]), along)

    return run


@operator("GatherElements")
def _gather_elements(axis=0):
    def run(x, indices):
        (along,) = axes_in([axis], x.ndim)
        return ops.take_along_axis(x, _indices(indices, x.shape[along]), along)

    return run


def _flat_rows(shape: tuple, at: np.ndarray) -> np.ndarray:
    """The places that index tuples name, in a tensor whose first axes are flattened."""
    k = at.shape[-1]
    columns = [_indices(at[..., i], shape[i]) for i in range(k)]
    return np.ravel_multi_index(columns, shape[:k]) if k else np.zeros(at.shape[:-1], "int64")


@operator("GatherND")
def _gather_nd(batch_dims=0):
    def run(x, indices):
        at = _at(indices).astype("int64")
        lead = x.shape[:batch_dims]
        if at.shape[:batch_dims] != tuple(lead):
            raise ValueError(f"the batch axes of shapes {x.shape} and {at.shape} differ")
        if batch_dims:
            grid = np.indices((*lead, *at.shape[batch_dims:-1]))[:batch_dims]
            at = np.concatenate([np.moveaxis(grid, 0, -1), at], -1)
        k = at.shape[-1]
        check_size((*at.shape[:-1], *x.shape[k:]))
        flat = ops.reshape(x, (math.prod(x.shape[:k]), *x.shape[k:]))
        return ops.take(flat, _flat_rows(tuple(x.shape), at), 0)

    return run


def _scattered(x: Any, places: np.ndarray, updates: Any, reduction: str) -> Any:
    """A flat tensor with some rows replaced, or combined with `updates`."""
    if reduction == "none":
        if len(np.unique(places)) != len(places):  # as a loop: the last one stays
            _, last = np.unique(places[::-1], return_index=True)
            keep = np.sort(len(places) - 1 - last)
            places, updates = places[keep], ops.take(updates, keep, 0)
        return ops.scatter_update(x, places[:, None], updates)
    if reduction == "add":
        return x + ops.segment_sum(updates, places, x.shape[0])
    raise Refused(f"attribute reduction={reduction!r}")


@operator("ScatterElements", "Scatter")
def _scatter_elements(axis=0, reduction="none"):
    if reduction not in ("none", "add"):
        raise Refused(f"attribute reduction={reduction!r}")

    def run(x, indices, updates):
        (along,) = axes_in([axis], x.ndim)
        at = _indices(indices, x.shape[along])
        grid = list(np.indices(at.shape))
        grid[along] = at
        places = np.ravel_multi_index(grid, tuple(x.shape)).reshape(-1)
        flat = ops.reshape(x, (-1,))
        return ops.reshape(
            _scattered(flat, places, ops.reshape(updates, (-1,)), reduction), x.shape
        )

    return run


@operator("ScatterND")
def _scatter_nd(reduction="none"):
    if reduction not in ("none", "add"):
        raise Refused(f"attribute reduction={reduction!r}")

    def run(x, indices, updates):
        at = _at(indices).astype("int64")
        k = at.shape[-1]
        rest = x.shape[k:]
        places = _flat_rows(tuple(x.shape), at).reshape(-1)
        flat = ops.reshape(x, (math.prod(x.shape[:k]), *rest))
        rows = ops.reshape(updates, (len(places), *rest))
        return ops.reshape(_scattered(flat, places, rows, reduction), x.shape)

    return run


@operator("NonZero")
def _non_zero():
    return lambda x: Tensor(np.array(np.nonzero(_at(x)), "int64").reshape(x.ndim, -1))


@operator("Compress")
def _compress(axis=None):
    def run(x, condition):
        values = ops.reshape(x, (-1,)) if axis is None else x
        (along,) = axes_in([0 if axis is None else axis], values.ndim)
        return ops.take(values, np.nonzero(_at(condition))[0], along)

    return run


@operator("Unique")
def _unique(axis=None, sorted=1, _outputs=1):
    def run(x):
        values = _at(x).reshape(-1) if axis is None else _at(x)
        (along,) = axes_in([0 if axis is None else axis], values.ndim)
        _, first, inverse, counts = np.unique(values, True, True, True, axis=along)
        inverse = inverse.reshape(-1)
        if not sorted:  # in the order in which they come
            order = np.argsort(first)
            first, counts = first[order], counts[order]
            inverse = np.argsort(order)[inverse]
        kept = ops.take(ops.reshape(x, (-1,)) if axis is None else x, first, along)
        return kept, *(Tensor(v.astype("int64")) for v in (first, inverse, counts))

    return run


@operator("ReverseSequence")
def _reverse_sequence(batch_axis=1, time_axis=0):
    if sorted((batch_axis, time_axis)) != [0, 1]:
        raise Refused(f"attributes batch_axis={batch_axis}, time_axis={time_axis}")

    def run(x, lengths):
        count = np.asarray(ints(lengths))
        steps = np.arange(x.shape[time_axis])[:, None]
        if len(count) != x.shape[batch_axis]:
            raise ValueError(f"{len(count)} lengths for a batch of {x.shape[batch_axis]}")
        at = np.where(steps < count, count - 1 - steps, steps)
        at = at if time_axis == 0 else at.T
        at = np.broadcast_to(at.reshape(*at.shape, *(1,) * (x.ndim - 2)), x.shape)
        return ops.take_along_axis(x, at, time_axis)

    return run


@operator("TopK")
def _top_k(axis=-1, largest=1, sorted=1, k=None):
    def run(x, given=None):
        (along,) = axes_in([axis], x.ndim)
        count = k if given is None else int(_at(given).reshape(()))
        if count is None or not 0 <= count <= x.shape[along]:
            raise ValueError(f"k={count} for an axis of size {x.shape[along]}")
        values = _at(x)
        if largest:  # equal ones in the order of their places
            back = np.argsort(np.flip(values, along), along, kind="stable")
            order = x.shape[along] - 1 - np.flip(back, along)
        else:
            order = np.argsort(values, along, kind="stable")
        at = np.take(order, np.arange(count), along)
        return ops.take_along_axis(x, at, along), Tensor(at.astype("int64"))

    return run


def _extreme(name: str, largest: bool) -> None:
    @operator(name)
    def make(axis=0, keepdims=1, select_last_index=0):
        def run(x):
            (along,) = axes_in([axis], x.ndim)
            values = _at(x)
            find = np.argmax if largest else np.argmin
            if select_last_index:
                at = values.shape[along] - 1 - find(np.flip(values, along), along)
            else:
                at = find(values, along)
            at = np.asarray(at).astype("int64")
            return Tensor(np.expand_dims(at, along) if keepdims else at)

        return run


_extreme("ArgMax", True)
_extreme("ArgMin", False)
