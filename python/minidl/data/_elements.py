"""Elements of a dataset: arrays, or tuples and dicts of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._tape import Tensor
from ..config import floatx


def map_leaves(fn: Callable, structure: Any) -> Any:
    """The structure with `fn` applied to each array."""
    if isinstance(structure, tuple):
        values = (map_leaves(fn, v) for v in structure)
        return type(structure)(*values) if hasattr(structure, "_fields") else tuple(values)
    if isinstance(structure, dict):
        return {k: map_leaves(fn, v) for k, v in structure.items()}
    return fn(structure)


def leaves(structure: Any) -> list[Any]:
    """The arrays of a structure, in order."""
    found: list[Any] = []
    map_leaves(found.append, structure)
    return found


def as_array(x: Any) -> Any:
    """An array of what a user gave: Python floats take the default dtype, integers int32."""
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, Tensor):
        return x.numpy()
    array = np.asarray(x)
    if array.dtype == object and isinstance(x, (list, tuple)):
        raise ValueError(
            f"A list must hold entries of one shape to become an array. Received: {x!r:.100}"
        )
    if isinstance(x, np.generic) or hasattr(x, "__array__"):
        return array
    if array.dtype == np.float64:
        return array.astype(floatx())
    return array.astype(np.int32) if array.dtype == np.int64 and _fits(array) else array


def _fits(array: np.ndarray) -> bool:
    limit = np.iinfo(np.int32)
    return not array.size or bool(limit.min <= array.min() and array.max() <= limit.max)


def to_element(structure: Any) -> Any:
    """The structure with arrays for leaves."""
    return map_leaves(as_array, structure)


def frozen(array: np.ndarray) -> np.ndarray:
    """A view that nobody writes through: the array belongs to someone else too."""
    view = array.view()
    view.flags.writeable = False
    return view


def stack(elements: Sequence[Any]) -> Any:
    """One element whose arrays hold those of all, along a new first axis."""
    first = elements[0]
    if isinstance(first, tuple):
        if any(not isinstance(e, tuple) or len(e) != len(first) for e in elements):
            raise ValueError("Elements of one batch must be tuples of one length.")
        values = [stack([e[i] for e in elements]) for i in range(len(first))]
        return type(first)(*values) if hasattr(first, "_fields") else tuple(values)
    if isinstance(first, dict):
        if any(not isinstance(e, dict) or e.keys() != first.keys() for e in elements):
            raise ValueError("Elements of one batch must be dicts with the same keys.")
        return {k: stack([e[k] for e in elements]) for k in first}
    shapes = {np.shape(e) for e in elements}
    if len(shapes) > 1:
        raise ValueError(
            f"Elements of one batch must have one shape. Received: shapes {sorted(shapes)}. "
            "Bring them to one with `map`, or use `padded_batch`."
        )
    return np.stack(elements)


def stack_padded(elements: Sequence[Any], shapes: Any, values: Any) -> Any:
    """As `stack`, with arrays filled up to the largest, or to `shapes`, with `values`."""
    first = elements[0]
    if isinstance(first, tuple):
        return tuple(
            stack_padded([e[i] for e in elements], _part(shapes, i), _part(values, i))
            for i in range(len(first))
        )
    if isinstance(first, dict):
        return {
            k: stack_padded([e[k] for e in elements], _part(shapes, k), _part(values, k))
            for k in first
        }
    ranks = {np.ndim(e) for e in elements}
    if len(ranks) > 1 or (shapes is not None and len(shapes) != min(ranks)):
        raise ValueError(
            "Arrays that are filled up must have one number of axes, that of `padded_shapes`. "
            f"Received: shapes {sorted({np.shape(e) for e in elements})}, padded_shapes={shapes}"
        )
    largest = [max(sizes) for sizes in zip(*(np.shape(e) for e in elements), strict=True)]
    for axis, size in enumerate(shapes or ()):
        if size is not None and size >= 0:
            if largest[axis] > size:
                raise ValueError(
                    f"An array of size {largest[axis]} along axis {axis} does not fit into "
                    f"padded_shapes={shapes}."
                )
            largest[axis] = size
    out = np.full((len(elements), *largest), 0 if values is None else values, first.dtype)
    for row, e in enumerate(elements):
        place: Any = (row, *(slice(n) for n in np.shape(e)))
        out[place] = e
    return out


def _part(structure: Any, key: Any) -> Any:
    """The part of an option that belongs to one part of an element."""
    if isinstance(structure, (tuple, list)) and isinstance(key, int):
        nested = [p for p in structure if not isinstance(p, int)]
        return structure[key] if nested or len(structure) > key else None
    return structure.get(key) if isinstance(structure, dict) else structure
