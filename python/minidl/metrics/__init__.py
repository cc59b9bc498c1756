"""Metrics, and their look-up by name."""

from __future__ import annotations

from typing import Any

from .._registry import Registry
from .accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
)
from .losses_as_metrics import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
)
from .metric import Metric
from .reduction import Mean, MeanMetricWrapper, Sum

_registry = Registry("metric", "keras.metrics")
for _cls, _aliases in {
    Accuracy: (),
    BinaryAccuracy: (),
    CategoricalAccuracy: (),
    SparseCategoricalAccuracy: (),
    Mean: (),
    Sum: (),
    MeanSquaredError: ("mse", "MSE"),
    MeanAbsoluteError: ("mae", "MAE"),
    RootMeanSquaredError: ("rmse",),
    SparseCategoricalCrossentropy: (),
    CategoricalCrossentropy: (),
    BinaryCrossentropy: ("bce", "BCE"),
}.items():
    _registry.add_class(_cls, *_aliases)

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "Sum",
    "binary_accuracy",
    "categorical_accuracy",
    "deserialize",
    "get",
    "serialize",
    "sparse_categorical_accuracy",
]


def get(identifier: Any):
    """A metric from None, a name, a Keras config, a class, an object or a callable.

    Raises:
        ValueError: it cannot be understood; the message suggests a close name.

    Source: `keras.metrics.get`.

    >>> import minidl
    >>> minidl.metrics.get("mae").name
    'mean_absolute_error'
    """
    if identifier is None or isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        return _registry.find(identifier)()
    if isinstance(identifier, dict):
        return _registry.deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(
        "A metric must be a name, a Metric or a callable. "
        f"Received: {identifier!r} of type {type(identifier).__name__}"
    )


serialize = _registry.serialize
deserialize = _registry.deserialize
