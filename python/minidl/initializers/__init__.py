"""Initial values of weights, deterministic under a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._registry import Registry
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
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "deserialize",
    "get",
    "serialize",
]

_registry = Registry("initializer", "keras.initializers")

for _cls, _aliases in {
    Zeros: (),
    Ones: (),
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


serialize = _registry.serialize
deserialize = _registry.deserialize
