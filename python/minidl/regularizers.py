"""Penalties on weights and outputs, added to the loss."""

from __future__ import annotations

import math
from typing import Any

from . import ops
from ._registry import Registry, suggesting

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

__getattr__ = suggesting(__name__, __all__)

_registry = Registry("regularizer", "keras.regularizers")


class Regularizer:
    """Base class: a callable from a tensor to a scalar penalty.

    Source: `keras.regularizers.Regularizer`.

    >>> import minidl
    >>> class Cubes(minidl.regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return minidl.ops.sum(abs(x) ** 3)
    >>> float(Cubes()(minidl.ops.convert_to_tensor([1.0, -2.0])))
    9.0
    """

    def __call__(self, x):
        return 0.0

    def get_config(self) -> dict:
        raise NotImplementedError(f"{type(self).__name__} does not implement get_config()")

    @classmethod
    def from_config(cls, config: dict) -> Regularizer:
        return cls(**config)


def _factor(value: Any, name: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not math.isfinite(value)
        or value < 0
    ):
        raise ValueError(f"`{name}` must be a non-negative finite number. Received: {name}={value}")
    return float(value)


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1: Factor of the absolute values. Defaults to 0.
        l2: Factor of the squares. Defaults to 0.

    Raises:
        ValueError: a factor is negative or not finite.

    Source: `keras.regularizers.L1L2`.

    >>> import minidl
    >>> float(minidl.regularizers.L1L2(l1=0.5, l2=1.0)([1.0, -2.0]))
    6.5
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _factor(0.0 if l1 is None else l1, "l1")
        self.l2 = _factor(0.0 if l2 is None else l2, "l2")

    def __call__(self, x):
        penalty = 0.0
        if self.l1:
            penalty = ops.sum(ops.absolute(x)) * self.l1
        if self.l2:
            penalty = penalty + ops.sum(ops.square(x)) * self.l2
        return penalty

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """`l1 * sum(|x|)`.

    Args:
        l1: Factor. Defaults to 0.01.

    Source: `keras.regularizers.L1`.

    >>> import minidl
    >>> float(minidl.regularizers.L1(0.5)([1.0, -2.0]))
    1.5
    """

    def __init__(self, l1=0.01):
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self):
        return {"l1": self.l1}


class L2(L1L2):
    """`l2 * sum(x**2)`.

    Args:
        l2: Factor. Defaults to 0.01.

    Source: `keras.regularizers.L2`.

    >>> import minidl
    >>> round(float(minidl.regularizers.L2(0.1)([1.0, 2.0])), 6)
    0.5
    """

    def __init__(self, l2=0.01):
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self):
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean |cosine| between any two rows (or columns) of a matrix.

    Args:
        factor: Defaults to 0.01.
        mode: `"rows"` or `"columns"`: which vectors are to become orthogonal.

    Raises:
        ValueError: another mode, a factor that is negative or not finite; when called, a tensor
            that is no matrix.

    Source: `keras.regularizers.OrthogonalRegularizer`.

    >>> import minidl
    >>> penalty = minidl.regularizers.OrthogonalRegularizer(0.5)
    >>> round(float(penalty([[1.0, 0.0], [2.0, 2.0]])), 4)
    0.3536
    """

    def __init__(self, factor=0.01, mode="rows"):
        self.factor = _factor(factor, "factor")
        if mode not in ("rows", "columns"):
            raise ValueError(f"`mode` must be 'rows' or 'columns'. Received: mode={mode!r}")
        self.mode = mode

    def __call__(self, x):
        x = ops.convert_to_tensor(x)
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer is for matrices. Received: shape {x.shape}")
        if self.mode == "columns":
            x = ops.transpose(x)
        n = x.shape[0]
        x = ops.normalize(x, axis=1)
        cosines = ops.matmul(x, ops.transpose(x)) * (1.0 - ops.eye(n, dtype=x.dtype))
        pairs = n * (n - 1.0)
        return ops.sum(ops.absolute(cosines)) * (self.factor / pairs if pairs else 0.0)

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


class _NamedL1L2:
    """`"l1_l2"` by name means 0.01 each, as in Keras."""

    def __new__(cls):
        return L1L2(l1=0.01, l2=0.01)


for _cls in (L1L2, L1, L2, OrthogonalRegularizer):
    _registry.add_class(_cls)
_registry.aliases["l1_l2"] = _NamedL1L2
_registry.aliases["l1l2"] = _NamedL1L2
l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer


def get(identifier: Any):
    """A regularizer from None, a name, a Keras config, a class or a callable.

    Raises:
        ValueError: it cannot be understood; the message suggests a close name.

    Source: `keras.regularizers.get`.

    >>> import minidl
    >>> minidl.regularizers.get("l1").__class__.__name__
    'L1'
    """
    if identifier is None or isinstance(identifier, Regularizer):
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
        "A regularizer must be None, a name, a Regularizer or a callable. "
        f"Received: {identifier!r} of type {type(identifier).__name__}"
    )


def serialize(regularizer: Any) -> Any:
    """A regularizer's Keras config; a function's name.

    Source: `keras.regularizers.serialize`.

    >>> import minidl
    >>> minidl.regularizers.serialize(minidl.regularizers.L2(0.1))["class_name"]
    'L2'
    """
    return _registry.serialize(regularizer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """A regularizer from a config of `serialize`, or from its name.

    Args:
        config: The config or name.
        custom_objects: Dict from names to classes and functions of your own.

    Raises:
        ValueError: it is malformed, or names what is not known.

    Source: `keras.regularizers.deserialize`.

    >>> import minidl
    >>> config = minidl.regularizers.serialize(minidl.regularizers.L2(0.5))
    >>> float(minidl.regularizers.deserialize(config)([2.0]))
    2.0
    """
    return _registry.deserialize(config, custom_objects)
