"""Losses as classes and functions, and their look-up by name."""

from __future__ import annotations

from typing import Any

from .._registry import Registry
from .crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from .functions import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from .loss import Loss, LossFunctionWrapper
from .regression import MeanAbsoluteError, MeanSquaredError

_registry = Registry("loss", "keras.losses")
_registry.add_function(mean_squared_error, "mse", "MSE")
_registry.add_function(mean_absolute_error, "mae", "MAE")
_registry.add_function(sparse_categorical_crossentropy)
_registry.add_function(categorical_crossentropy)
_registry.add_function(binary_crossentropy, "bce", "BCE")
for _cls in (
    MeanSquaredError,
    MeanAbsoluteError,
    SparseCategoricalCrossentropy,
    CategoricalCrossentropy,
    BinaryCrossentropy,
):
    _registry.add_class(_cls)

# the class behind each function, so that a name and a class behave alike
CLASS_OF = {
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    binary_crossentropy: BinaryCrossentropy,
}

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
]


def get(identifier: Any):
    """A loss from None, a name, a Keras config, a class, an object or a callable.

    Args:
        identifier: Snake-case names give the function, class names an object, as in Keras.

    Raises:
        ValueError: it cannot be understood; the message suggests a close name.

    Source: `keras.losses.get`.

    >>> import minidl
    >>> minidl.losses.get("mse").__name__
    'mean_squared_error'
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = _registry.find(identifier)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, dict):
        return _registry.deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(
        "`loss` must be a name, a Loss or a callable. "
        f"Received: loss={identifier!r} of type {type(identifier).__name__}"
    )


serialize = _registry.serialize
deserialize = _registry.deserialize
