"""Layers, one a file, with Keras's names and defaults."""

from __future__ import annotations

from typing import Any

from .._registry import Registry
from .activation import Activation
from .average_pooling2d import AveragePooling2D, AvgPool2D
from .batch_normalization import BatchNormalization
from .conv2d import Conv2D
from .dense import Dense
from .dropout import Dropout
from .elu import ELU
from .flatten import Flatten
from .global_average_pooling2d import GlobalAveragePooling2D, GlobalAvgPool2D
from .global_max_pooling2d import GlobalMaxPool2D, GlobalMaxPooling2D
from .input_layer import Input, InputLayer
from .input_spec import InputSpec
from .layer import Layer
from .leaky_relu import LeakyReLU
from .max_pooling2d import MaxPool2D, MaxPooling2D
from .relu import ReLU
from .reshape import Reshape
from .softmax import Softmax

Convolution2D = Conv2D

_registry = Registry("layer", "keras.layers")
for _cls in (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    ELU,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    InputLayer,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
    Reshape,
    Softmax,
):
    _registry.add_class(_cls)

__all__ = [
    "ELU",
    "Activation",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "Conv2D",
    "Convolution2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "MaxPooling2D",
    "ReLU",
    "Reshape",
    "Softmax",
    "deserialize",
    "serialize",
]


def serialize(layer: Layer) -> dict:
    """A layer as Keras writes it into a model's config."""
    config = _registry.serialize(layer)
    build_config = layer.get_build_config()
    # Keras counts its layers without weights as built from the start; Flatten it forgot
    if build_config and (layer.weights or not layer._is_leaf or isinstance(layer, Flatten)):
        config["build_config"] = build_config
    return config


def deserialize(config: dict, custom_objects: dict[str, Any] | None = None) -> Layer:
    """Build a layer from a config of `serialize`.

    Args:
        config: Dict with `class_name` and `config`.
        custom_objects: Dict from names to the user's own classes.

    Raises:
        ValueError: an unknown class or a malformed config.

    Source: `keras.layers.deserialize`.

    >>> import minidl
    >>> layer = minidl.layers.Dense(3)
    >>> minidl.layers.deserialize(minidl.layers.serialize(layer)).units
    3
    """
    name = config.get("class_name") if isinstance(config, dict) else None
    if custom_objects and name in custom_objects:
        layer = custom_objects[name].from_config(dict(config["config"]))
    else:
        layer = _registry.deserialize(config)
    layer.build_from_config(config.get("build_config") or {})
    return layer
