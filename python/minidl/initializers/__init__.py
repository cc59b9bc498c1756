"""Initial values of weights, deterministic under a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._registry import Registry, suggesting
from .constant_initializers import (
    Constant,
    Identity,
    Initializer,
    Ones,
    Zeros,
)
from .random_initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    compute_fans,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

__getattr__ = suggesting(__name__, __all__)

_registry = Registry("initializer", "keras.initializers")

for _cls, _aliases in {
    Zeros: ("zero",),
    Ones: ("one",),
    Constant: (),
    Identity: ("IdentityInitializer",),
    RandomNormal: ("normal",),
    TruncatedNormal: (),
    RandomUniform: ("uniform",),
    VarianceScaling: (),
    GlorotUniform: (),
    GlorotNormal: (),
    LecunNormal: (),
    LecunUniform: (),
    HeNormal: (),
    HeUniform: (),
    Orthogonal: ("OrthogonalInitializer",),
}.items():
    _registry.add_class(_cls, *_aliases)

# Keras has each under its snake-case name too
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal


def get(identifier: Any):
    """An initializer from a name, a Keras config, a class, an object, a callable or an array.

    Args:
        identifier: See above; None gives None.

    Raises:
        ValueError: it cannot be understood; the message suggests a close name.

    Source: `keras.initializers.get`.

    >>> import minidl
    >>> type(minidl.initializers.get("he_normal")).__name__
    'HeNormal'
    """
    if identifier is None or isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, str):
        return _registry.find(identifier)()
    if isinstance(identifier, dict):
        return _registry.deserialize(identifier)
    if isinstance(identifier, np.ndarray):
        return Constant(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(
        "An initializer must be a name, an Initializer, a callable or an array. "
        f"Received: {identifier!r} of type {type(identifier).__name__}"
    )


def serialize(initializer: Any) -> Any:
    """An initializer's Keras config; a function's name.

    Source: `keras.initializers.serialize`.

    >>> import minidl
    >>> minidl.initializers.serialize(minidl.initializers.Zeros())["class_name"]
    'Zeros'
    """
    return _registry.serialize(initializer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """An initializer from a config of `serialize`, or from its name.

    Args:
        config: The config or name.
        custom_objects: Dict from names to classes and functions of your own.

    Raises:
        ValueError: it is malformed, or names what is not known.

    Source: `keras.initializers.deserialize`.

    >>> import minidl
    >>> config = minidl.initializers.serialize(minidl.initializers.Constant(3.0))
    >>> minidl.initializers.deserialize(config).value
    3.0
    """
    return _registry.deserialize(config, custom_objects)
