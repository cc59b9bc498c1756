"""The weights with which the pixels of a resized row are mixed of the old ones."""

from __future__ import annotations

import functools

import numpy as np


@functools.lru_cache(maxsize=64)
def resampling_matrix(old: int, new: int, kind: str, antialias: bool) -> np.ndarray:
    """A (new, old) matrix; pixel centres lie at half steps, borders go on outside.

    Cubic weights are Keys's: with -0.75, and with -0.5 where they smooth, as PyTorch and Pillow
    have it.
    """
    scale = old / new
    stretch = max(scale, 1.0) if antialias else 1.0
    reach = {"bilinear": 1.0, "bicubic": 2.0}[kind] * stretch
    weigh = _triangle if kind == "bilinear" else _cubic(-0.5 if antialias else -0.75)
    matrix = np.zeros((new, old))
    for i in range(new):
        centre = (i + 0.5) * scale - 0.5
        sources = np.arange(int(np.ceil(centre - reach)), int(np.floor(centre + reach)) + 1)
        if antialias:  # pixels outside are left out, and the others weigh more
            sources = sources[(sources >= 0) & (sources < old)]
        weights = weigh((sources - centre) / stretch)
        np.add.at(matrix[i], np.clip(sources, 0, old - 1), weights / weights.sum())
    return matrix


def _triangle(distance: np.ndarray) -> np.ndarray:
    return np.maximum(1.0 - np.abs(distance), 0.0)


def _cubic(a: float):
    def weigh(distance: np.ndarray) -> np.ndarray:
        d = np.abs(distance)
        near = ((a + 2) * d - (a + 3)) * d * d + 1
        far = a * (((d - 5) * d + 8) * d - 4)
        return np.where(d <= 1, near, np.where(d < 2, far, 0.0))

    return weigh
