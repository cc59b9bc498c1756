"""Where the pixels of a transformed image come from, and with which weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Places:
    """For each new pixel: some old ones (numbers over all images) and their weights.

    shape: of the images, (batch, height, width, channels).
    sources: (corners, batch * height * width) numbers of old pixels.
    weights: as `sources`; 0 where a corner lies outside and a constant stands there.
    outside: (batch, height, width), the weight of that constant.
    """

    shape: tuple[int, ...]
    sources: np.ndarray
    weights: np.ndarray
    outside: np.ndarray

    def gather(self, x: np.ndarray) -> np.ndarray:
        """The new pixels."""
        pixels = np.ascontiguousarray(x).reshape(-1, self.shape[-1])
        y = np.zeros_like(pixels)
        for source, weight in zip(self.sources, self.weights, strict=True):
            y += pixels[source] * weight[:, None].astype(x.dtype)
        return y.reshape(self.shape)

    def spread(self, dy: np.ndarray) -> np.ndarray:
        """The transposed sum: what each old pixel gave, weighted with `dy`."""
        flat = np.ascontiguousarray(dy).reshape(-1, self.shape[-1])
        dx = np.zeros_like(flat)
        for source, weight in zip(self.sources, self.weights, strict=True):
            for c in range(flat.shape[1]):  # bincount adds in float64, in the order of the pixels
                dx[:, c] += np.bincount(source, flat[:, c] * weight, len(dx)).astype(dy.dtype)
        return dx.reshape(self.shape)


def affine_places(
    shape: tuple[int, ...], transform: np.ndarray, interpolation: str, fill_mode: str
) -> Places:
    """The places for one transform (a0, a1, a2, b0, b1, b2, ...) an image."""
    n, height, width, _ = shape
    numbers = transform.astype(np.float64 if transform.dtype == np.float64 else np.float32)
    a0, a1, a2, b0, b1, b2 = (numbers[:, i, None, None] for i in range(6))
    rows = np.arange(height, dtype=numbers.dtype)[:, None]
    columns = np.arange(width, dtype=numbers.dtype)
    x = a0 * columns + a1 * rows + a2
    y = b0 * columns + b1 * rows + b2
    base = (np.arange(n) * (height * width))[:, None, None]
    sources, weights = [], []
    outside = np.zeros((n, height, width))
    for row, row_weight in _neighbours(y, interpolation):
        for column, column_weight in _neighbours(x, interpolation):
            weight = row_weight * column_weight
            if fill_mode == "constant":
                inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                outside += np.where(inside, 0.0, weight)
                weight = np.where(inside, weight, 0.0)
            place = base + _fix(row, height, fill_mode) * width + _fix(column, width, fill_mode)
            sources.append(place.ravel())
            weights.append(np.broadcast_to(weight, place.shape).ravel())
    return Places(shape, np.stack(sources), np.stack(weights), outside)


def _neighbours(position: np.ndarray, interpolation: str) -> list[tuple]:
    """Whole places beside `position`, and their weights."""
    if interpolation == "nearest":
        return [(np.round(position).astype(np.int64), 1.0)]
    lower = np.floor(position)
    above = position - lower
    index = lower.astype(np.int64)
    return [(index, 1 - above), (index + 1, above)]


def _fix(index: np.ndarray, size: int, mode: str) -> np.ndarray:
    """An index inside for one that may lie outside."""
    if mode in ("constant", "nearest"):
        return np.clip(index, 0, size - 1)
    if mode == "wrap":
        return index % size
    if mode == "mirror":
        return _mirror(index, size)
    return (_mirror(2 * index + 1, 2 * size + 1) - 1) // 2


def _mirror(index: np.ndarray, size: int) -> np.ndarray:
    if size == 1:
        return np.zeros_like(index)
    last = size - 1
    return np.abs((index + last) % (2 * last) - last)
