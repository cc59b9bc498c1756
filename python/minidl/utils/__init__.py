"""Helpers around training."""

from __future__ import annotations

from .._naming import reset_names
from .._registry import suggesting
from ..data.py_dataset import PyDataset
from ..random import set_random_seed
from ._archives import extract_archive
from .files import get_file, hash_file
from .image_dataset import image_dataset_from_directory
from .images import array_to_img, img_to_array, load_img, save_img
from .numerical import normalize, to_categorical
from .plot_model import model_to_dot, plot_model
from .plotting import plot_history
from .progress_bar import Progbar
from .sequences import pad_sequences
from .splitting import split_dataset

__all__ = [
    "Progbar",
    "PyDataset",
    "array_to_img",
    "clear_session",
    "extract_archive",
    "get_file",
    "hash_file",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "model_to_dot",
    "normalize",
    "pad_sequences",
    "plot_history",
    "plot_model",
    "save_img",
    "set_random_seed",
    "split_dataset",
    "to_categorical",
]

__getattr__ = suggesting(__name__, __all__)


def clear_session() -> None:
    """Start automatic names (`dense`, `dense_1`, ...) from the beginning again.

    Source: `keras.utils.clear_session`.

    >>> import minidl
    >>> minidl.utils.clear_session()
    >>> minidl.layers.Dense(1).name
    'dense'
    """
    reset_names()
