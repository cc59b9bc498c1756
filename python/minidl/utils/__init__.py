"""Helpers around training."""

from __future__ import annotations

from .._naming import reset_names
from ..random import set_random_seed
from .numerical import normalize, to_categorical
from .plotting import plot_history
from .progress_bar import Progbar

__all__ = [
    "Progbar",
    "clear_session",
    "normalize",
    "plot_history",
    "set_random_seed",
    "to_categorical",
]


def clear_session() -> None:
    """Start automatic names (`dense`, `dense_1`, ...) from the beginning again.

    Source: `keras.utils.clear_session`.
    """
    reset_names()
