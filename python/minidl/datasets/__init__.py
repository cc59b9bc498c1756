"""Data sets. `digits` is inside the package; the others are downloaded once and checked."""

from __future__ import annotations

from typing import Any

from . import digits

__all__ = ["cifar10", "digits", "fashion_mnist", "imdb", "mnist"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # their downloads need modules that few programs do
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'minidl.datasets' has no attribute {name!r}")
