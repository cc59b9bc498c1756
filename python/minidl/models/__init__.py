"""Models: graphs of layers, stacks of layers, and the base class for models written by hand."""

from .cloning import clone_model
from .functional import Functional
from .model import Model
from .sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model"]
