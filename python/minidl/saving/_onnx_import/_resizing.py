"""Images in another size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._registry import Refused, check_size, ints, operator


@operator("Resize")
def _resize(
    antialias=0, axes=None, coordinate_transformation_mode="half_pixel", cubic_coeff_a=-0.75,
    exclude_outside=0, extrapolation_value=0.0, keep_aspect_ratio_policy="stretch",
    mode="nearest", nearest_mode="round_prefer_floor", _version=13,
):  # fmt: skip
    if mode not in ("nearest", "linear", "cubic"):
        raise ValueError(f"mode={mode!r}")
    place = coordinate_transformation_mode
    if _version < 11:  # the attributes that say so came later
        place, nearest_mode = "asymmetric", "floor"
    if place not in _PLACES:
        raise Refused(f"attribute coordinate_transformation_mode={place!r}")
    if keep_aspect_ratio_policy not in ("stretch", "not_larger", "not_smaller"):
        raise ValueError(f"keep_aspect_ratio_policy={keep_aspect_ratio_policy!r}")
    if nearest_mode not in _ROUNDED:
        raise ValueError(f"nearest_mode={nearest_mode!r}")
    along = axes

    def run(x, roi=None, scales=None, sizes=None):
        if _version < 11:
            roi, scales = None, roi
        chosen = list(range(x.ndim)) if along is None else [a % x.ndim for a in along]
        given = sizes is not None and sizes.shape != (0,)
        if not given and scales is None:
            raise ValueError("neither scales nor sizes are given")
        values = ints(sizes) if given else [float(v) for v in np.asarray(scales.data)]
        if len(values) != len(chosen):
            raise ValueError(f"{len(values)} sizes or scales for {len(chosen)} axes")
        old = [x.shape[a] for a in chosen]
        if min(old, default=1) < 1:
            raise ValueError(f"a tensor of shape {tuple(x.shape)} cannot be resized")
        wanted, factors = _targets(old, values, given, keep_aspect_ratio_policy)
        parts = _parts(roi, len(chosen)) if place == "tf_crop_and_resize" else None
        for i, (axis, n, new, scale) in enumerate(zip(chosen, old, wanted, factors, strict=True)):
            if new == n and scale == 1 and parts is None:
                continue
            if new * n > 1 << 26 or new < 1:
                raise ValueError(f"an axis of size {n} is not resized to {new}")
            check_size([new if j == axis else m for j, m in enumerate(x.shape)])
            if parts is not None:
                where = _in_part(np.arange(new), n, new, *parts[i])
            else:
                exact = new if given else n * scale
                where = _PLACES[place](np.arange(new), scale, n, exact, new)
            options = (mode, nearest_mode, cubic_coeff_a, exclude_outside)
            x = _along(x, axis, where, scale if antialias else 1.0, options)
            outside = (where < 0) | (where > n - 1)
            if parts is not None and outside.any():
                lies = outside.reshape(-1, *(1,) * (x.ndim - 1 - axis))
                fill = np.full((), extrapolation_value, x.data.dtype)
                x = ops.where(np.broadcast_to(lies, x.shape), fill, x)
        return x

    return run


def _targets(
    old: list[int], values: list, given: bool, policy: str
) -> tuple[list[int], list[float]]:
    """New sizes and factors for sizes or scales that are given."""
    if not given:
        return [math.floor(n * s) for n, s in zip(old, values, strict=True)], values
    factors = [v / n for n, v in zip(old, values, strict=True)]
    if policy == "stretch":
        return [int(v) for v in values], factors
    one = min(factors) if policy == "not_larger" else max(factors)
    return [math.floor(one * n + 0.5) for n in old], [one] * len(old)


def _parts(roi: Any, axes: int) -> list[tuple[float, float]]:
    """Where each axis begins and ends, in shares of its length."""
    values = [] if roi is None else [float(v) for v in np.asarray(roi.data).reshape(-1)]
    if len(values) != 2 * axes:
        raise ValueError(f"roi has {len(values)} numbers for {axes} axes")
    return list(zip(values[:axes], values[axes:], strict=True))


def _in_part(i: np.ndarray, n: int, new: int, start: float, end: float) -> np.ndarray:
    if new == 1:
        return i + 0.5 * (start + end) * (n - 1)
    return start * (n - 1) + i * (end - start) * (n - 1) / (new - 1)


# The place of new pixel i: scale, old size, new size as the scale says it, new size.
_PLACES: dict[str, Callable] = {
    "half_pixel": lambda i, s, n, m, new: (i + 0.5) / s - 0.5,
    "half_pixel_symmetric": lambda i, s, n, m, new: n / 2 * (1 - new / m) + (i + 0.5) / s - 0.5,
    "pytorch_half_pixel": lambda i, s, n, m, new: (i + 0.5) / s - 0.5 if m > 1 else i * 0.0,
    "align_corners": lambda i, s, n, m, new: i * (n - 1) / (m - 1) if m > 1 else i * 0.0,
    "asymmetric": lambda i, s, n, m, new: i / s,
    "tf_crop_and_resize": _in_part,
}
_ROUNDED: dict[str, Callable] = {
    "round_prefer_floor": lambda v: np.ceil(v - 0.5),
    "round_prefer_ceil": lambda v: np.floor(v + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


def _along(x: Any, axis: int, where: np.ndarray, scale: float, options: tuple) -> Any:
    """One axis resized: nearest by indices, the others by a matrix of weights."""
    mode, nearest, a, exclude = options
    n = x.shape[axis]
    if mode == "nearest":
        return ops.take(x, np.clip(_ROUNDED[nearest](where), 0, n - 1).astype("int64"), axis)
    matrix = np.zeros((len(where), n))
    reach = {"linear": 1, "cubic": 2}[mode]
    stretch = max(1.0 / scale, 1.0)
    width = math.ceil(reach * stretch)
    for step in range(-width, width + 2):
        source = np.floor(where).astype("int64") + step
        distance = np.abs(source - where) / stretch
        weight = np.maximum(1 - distance, 0) if mode == "linear" else _cubic(distance, a)
        if exclude:
            weight = np.where((source >= 0) & (source < n), weight, 0.0)
        np.add.at(matrix, (np.arange(len(where)), np.clip(source, 0, n - 1)), weight)
    matrix /= matrix.sum(1, keepdims=True)
    moved = ops.moveaxis(x, axis, -1)
    out = ops.matmul(moved, matrix.T.astype(x.data.dtype))
    return ops.moveaxis(out, -1, axis)


def _cubic(d: np.ndarray, a: float) -> np.ndarray:
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = a * (((d - 5) * d + 8) * d - 4)
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


@operator("Upsample")
def _upsample(mode="nearest", scales=None):
    resize = _resize(mode=mode, coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    def run(x, given=None):
        factors = Tensor(np.asarray(scales, "float32")) if given is None else given
        return resize(x, None, factors)

    return run
