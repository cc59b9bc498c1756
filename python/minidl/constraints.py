"""Conditions on weights, restored after each optimizer step."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._registry import Registry, suggesting
from .config import epsilon

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

__getattr__ = suggesting(__name__, __all__)

_registry = Registry("constraint", "keras.constraints")


class Constraint:
    """Base class: a callable from a weight's array to the nearest allowed one.

    Source: `keras.constraints.Constraint`.

    >>> import minidl
    >>> class Positive(minidl.constraints.Constraint):
    ...     def __call__(self, w):
    ...         return np.maximum(w, 1e-3)
    >>> Positive()(np.array([-1.0, 2.0])).tolist()
    [0.001, 2.0]
    """

    def __call__(self, w):
        raise NotImplementedError(f"{type(self).__name__} must implement `__call__`.")

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Constraint:
        return cls(**config)


class _NormConstraint(Constraint):
    def __init__(self, axis: Any = 0):
        self.axis = axis

    def _norms(self, w: np.ndarray) -> np.ndarray:
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True))


class MaxNorm(_NormConstraint):
    """Shrinks weights whose norm is over `max_value`.

    Args:
        max_value: Largest norm. Defaults to 2.
        axis: Axis (or axes) a norm is taken along. Defaults to 0, the inputs of a unit.

    Source: `keras.constraints.MaxNorm`.

    >>> import minidl, numpy as np
    >>> minidl.constraints.MaxNorm(1.0)(np.array([[3.0], [4.0]])).round(3).tolist()
    [[0.6], [0.8]]
    """

    def __init__(self, max_value=2, axis=0):
        super().__init__(axis)
        self.max_value = max_value

    def __call__(self, w):
        w = np.asarray(w)
        norms = self._norms(w)
        return w * (np.clip(norms, 0, self.max_value) / (epsilon() + norms)).astype(w.dtype)

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative weights to 0. Source: `keras.constraints.NonNeg`.

    >>> import minidl
    >>> minidl.constraints.NonNeg()(np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w):
        return np.maximum(np.asarray(w), 0)


class UnitNorm(_NormConstraint):
    """Gives weights norm 1.

    Args:
        axis: Axis (or axes) a norm is taken along. Defaults to 0.

    Source: `keras.constraints.UnitNorm`.

    >>> import minidl
    >>> minidl.constraints.UnitNorm()(np.array([[3.0], [4.0]])).round(3).tolist()
    [[0.6], [0.8]]
    """

    def __call__(self, w):
        w = np.asarray(w)
        return w / (epsilon() + self._norms(w)).astype(w.dtype)

    def get_config(self):
        return {"axis": self.axis}


class MinMaxNorm(_NormConstraint):
    """Moves norms into [min_value, max_value].

    Args:
        min_value: Smallest norm. Defaults to 0.
        max_value: Largest norm. Defaults to 1.
        rate: Share of the way that is gone each step. Defaults to 1.
        axis: Axis (or axes) a norm is taken along. Defaults to 0.

    Source: `keras.constraints.MinMaxNorm`.

    >>> import minidl
    >>> limits = minidl.constraints.MinMaxNorm(0.5, 1.0)
    >>> limits(np.array([[3.0], [4.0]])).round(3).tolist()
    [[0.6], [0.8]]
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        super().__init__(axis)
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate

    def __call__(self, w):
        w = np.asarray(w)
        norms = self._norms(w)
        inside = np.clip(norms, self.min_value, self.max_value)
        wanted = self.rate * inside + (1 - self.rate) * norms
        return w * (wanted / (epsilon() + norms)).astype(w.dtype)

    def get_config(self):
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


for _cls in (MaxNorm, NonNeg, UnitNorm, MinMaxNorm):
    _registry.add_class(_cls)
max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm


def get(identifier: Any):
    """A constraint from None, a name, a Keras config, a class or a callable.

    Raises:
        ValueError: it cannot be understood; the message suggests a close name.

    Source: `keras.constraints.get`.

    >>> import minidl
    >>> minidl.constraints.get("unit_norm").__class__.__name__
    'UnitNorm'
    """
    if identifier is None or isinstance(identifier, Constraint):
        return identifier
    if isinstance(identifier, str):
        return _registry.find(identifier)()
    if isinstance(identifier, dict):
        return _registry.deserialize(identifier)
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(
        "A constraint must be None, a name, a Constraint or a callable. "
        f"Received: {identifier!r} of type {type(identifier).__name__}"
    )


def serialize(constraint: Any) -> Any:
    """A constraint's Keras config; a function's name.

    Source: `keras.constraints.serialize`.

    >>> import minidl
    >>> minidl.constraints.serialize(minidl.constraints.NonNeg())["class_name"]
    'NonNeg'
    """
    return _registry.serialize(constraint)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """A constraint from a config of `serialize`, or from its name.

    Args:
        config: The config or name.
        custom_objects: Dict from names to classes and functions of your own.

    Raises:
        ValueError: it is malformed, or names what is not known.

    Source: `keras.constraints.deserialize`.

    >>> import minidl
    >>> config = minidl.constraints.serialize(minidl.constraints.MaxNorm(3))
    >>> minidl.constraints.deserialize(config).max_value
    3
    """
    return _registry.deserialize(config, custom_objects)
