"""Models: Sequential and the base class for models written by hand."""

from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential"]
