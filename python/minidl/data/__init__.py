"""Data on its way into training: pipelines with threads that read ahead and augment."""

from .._registry import suggesting
from ._steps import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from .dataset import Dataset
from .py_dataset import PyDataset

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "PyDataset",
]

__getattr__ = suggesting(__name__, __all__)
