"""Losses as classes and functions, and their look-up by name."""

from __future__ import annotations

from typing import Any

from .._registry import Registry, suggesting
from .circle_loss import Circle, circle
from .crossentropy import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from .ctc_loss import CTC, ctc
from .functions import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from .hinge_functions import categorical_hinge, hinge, squared_hinge
from .hinge_losses import CategoricalHinge, Hinge, SquaredHinge
from .loss import Loss, LossFunctionWrapper
from .overlap import Dice, Tversky, dice, tversky
from .probabilistic import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
)
from .probabilistic_functions import (
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
)
from .regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
)
from .regression_functions import (
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
)

# the class behind each function, so that a name and a class behave alike
CLASS_OF = {
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    cosine_similarity: CosineSimilarity,
    huber: Huber,
    log_cosh: LogCosh,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
    kl_divergence: KLDivergence,
    poisson: Poisson,
    binary_crossentropy: BinaryCrossentropy,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
    categorical_generalized_cross_entropy: CategoricalGeneralizedCrossEntropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    dice: Dice,
    tversky: Tversky,
    circle: Circle,
    ctc: CTC,
}

_registry = Registry("loss", "keras.losses")
for _function, _cls in CLASS_OF.items():
    _registry.add_function(_function)
    _registry.add_class(_cls)
for _name, _function in {
    "mse": mean_squared_error,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error,
    "kld": kl_divergence,
    "bce": binary_crossentropy,
}.items():
    _registry.aliases[_name] = _registry.aliases[_name.upper()] = _function

__all__ = [
    "CTC",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

__getattr__ = suggesting(__name__, __all__)


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


def serialize(loss: Any) -> Any:
    """A loss's Keras config; a function's name.

    Source: `keras.losses.serialize`.

    >>> import minidl
    >>> minidl.losses.serialize(minidl.losses.MeanSquaredError())["class_name"]
    'MeanSquaredError'
    """
    return _registry.serialize(loss)


def deserialize(name: Any, custom_objects: dict | None = None) -> Any:
    """A loss from a config of `serialize`, or from its name.

    Args:
        name: The config or name.
        custom_objects: Dict from names to classes and functions of your own.

    Raises:
        ValueError: it is malformed, or names what is not known.

    Source: `keras.losses.deserialize`.

    >>> import minidl
    >>> minidl.losses.deserialize("mse").__name__
    'mean_squared_error'
    """
    return _registry.deserialize(name, custom_objects)
