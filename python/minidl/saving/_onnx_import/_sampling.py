"""Images read at places that are computed: GridSample, and the grids of AffineGrid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ._program import Images, channels_last
from ._registry import IMAGES, Refused, check_size, ints, operator

_MODES = {"bilinear": "linear", "bicubic": "cubic"}


@operator("AffineGrid")
def _affine_grid(align_corners=0):
    def run(theta, size):
        sizes = ints(size)[2:]
        if theta.shape[1:] != (len(sizes), len(sizes) + 1):
            raise ValueError(f"theta of shape {tuple(theta.shape)} for images of size {sizes}")
        check_size((*sizes, len(sizes) + 1))
        rows = []
        for n in sizes:
            i = np.arange(n, dtype="float64")
            if align_corners:
                rows.append(-1 + 2 * i / max(n - 1, 1))
            else:
                rows.append((2 * i + 1) / n - 1)
        grid = np.meshgrid(*rows, indexing="ij")[::-1]  # the last axis is x
        places = np.stack([*grid, np.ones(sizes)], -1).reshape(-1, len(sizes) + 1)
        out = ops.matmul(places.astype(theta.data.dtype), ops.transpose(theta, (0, 2, 1)))
        return ops.reshape(out, (theta.shape[0], *sizes, len(sizes)))

    return run


@operator("GridSample", layout=IMAGES)
def _grid_sample(mode="linear", padding_mode="zeros", align_corners=0):
    kind = _MODES.get(mode, mode)
    if kind not in ("nearest", "linear", "cubic"):
        raise Refused(f"attribute mode={mode!r}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise Refused(f"attribute padding_mode={padding_mode!r}")

    def run(x, grid):
        x = channels_last(x)
        sizes = x.shape[1:-1]
        if grid.ndim != x.ndim or grid.shape[-1] != len(sizes) or grid.shape[0] != x.shape[0]:
            raise ValueError(f"a grid of shape {tuple(grid.shape)} for x of {len(sizes)} axes")
        if 0 in sizes:
            raise ValueError("the images are empty")
        taps = []
        for axis, n in enumerate(sizes):
            place = grid[..., len(sizes) - 1 - axis]
            place = (place + 1) * ((n - 1) / 2) if align_corners else (place + 1) * (n / 2) - 0.5
            low, high = (0.0, n - 1.0) if align_corners else (-0.5, n - 0.5)
            taps.append(_taps(place, n, kind, padding_mode, low, high))
        return Images(_read(x, grid.shape[1:-1], taps))

    return run


def _taps(place: Any, n: int, kind: str, padding: str, low: float, high: float) -> list[tuple]:
    """Along one axis: indices, which of them lie inside, and their weights (None for 1)."""
    if kind == "nearest":
        place = ops.stop_gradient(ops.round(place))
    if padding == "border":
        place = ops.clip(place, 0.0, n - 1.0)
    elif padding == "reflection":
        sign, offset = _reflected(np.asarray(place.data), low, high)
        place = place * sign + offset
    base = np.floor(place.data)
    rest = place - base
    if kind == "nearest":
        weights: list[tuple[int, Any]] = [(0, None)]
    elif kind == "linear":
        weights = [(0, 1 - rest), (1, rest)]
    else:
        weights = [(i, _cubic(rest - i)) for i in (-1, 0, 1, 2)]
    found = []
    for step, weight in weights:
        at = base + step
        inside = None if padding != "zeros" else (at >= 0) & (at < n)
        if padding == "reflection":
            sign, offset = _reflected(at, low, high)
            at = np.trunc(at * sign + offset)
        at = np.clip(np.nan_to_num(at), 0, n - 1).astype("int64")
        found.append((at, inside, weight))
    return found


def _reflected(at: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Factor and summand that turn what lies outside back at the borders."""
    span = max(high - low, 1e-6)
    turns = np.where(at < low, np.trunc((low - at) / span), np.trunc((at - high) / span))
    outside = (at < low) | (at > high)
    even = turns % 2 == 0
    below = at < low
    # low + rest, high - rest, or the same from the other side; rest is what the turns leave
    sign = np.where(even, -1.0, 1.0)
    by_low = np.where(even, 2 * low - turns * span, high - low + turns * span)
    by_high = np.where(even, 2 * high + turns * span, low - high - turns * span)
    offset = np.where(below, by_low, by_high)
    dtype = at.dtype
    return (
        np.where(outside, sign, 1.0).astype(dtype),
        np.where(outside, offset, 0.0).astype(dtype),
    )


def _cubic(distance: Any, a: float = -0.75) -> Any:
    """Keys's weights at a distance from a pixel."""
    d = ops.abs(distance)
    near = ((d * (a + 2) - (a + 3)) * d) * d + 1
    far = ((d * a - 5 * a) * d + 8 * a) * d - 4 * a
    return ops.where(np.asarray(d.data) <= 1, near, far)


def _read(x: Any, shape: Sequence[int], taps: list[list[tuple]]) -> Any:
    """The weighted sum of the pixels that the taps of all axes name together."""
    batch, sizes, channels = x.shape[0], x.shape[1:-1], x.shape[-1]
    check_size((batch, *shape, channels))
    rows = ops.reshape(x, (batch * math.prod(sizes), channels))
    start = np.arange(batch).reshape(-1, *(1,) * len(shape))
    total: Any = None
    for one in itertools.product(*taps):
        flat = start
        for n, (at, _, _) in zip(sizes, one, strict=True):
            flat = flat * n + at
        pixels = ops.take(rows, flat, 0)
        for _, inside, weight in one:
            if weight is not None:
                pixels = pixels * ops.expand_dims(weight, -1)
            if inside is not None:
                pixels = pixels * inside[..., None].astype(x.data.dtype)
        total = pixels if total is None else total + pixels
    return total
