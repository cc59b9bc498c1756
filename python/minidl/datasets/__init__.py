"""Data sets. `digits` is inside the package; it is read when asked for."""

from . import digits

__all__ = ["digits"]
