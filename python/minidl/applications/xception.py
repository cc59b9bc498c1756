"""Xception: depthwise separable convolutions with residual connections."""

from __future__ import annotations

from typing import Any

from .. import layers
from ..models import Model
from ._building import Arguments, Published, build, documented, preprocessing
from .imagenet_utils import decode_predictions

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

_PUBLISHED = Published(
    "xception",
    ("xception_weights_tf_dim_ordering_tf_kernels.h5", "0a58e3b7378bc2990ea3b43d5981f1f6"),
    ("xception_weights_tf_dim_ordering_tf_kernels_notop.h5", "b0042744bf5b25fce3cb969f33bebb97"),
)

preprocess_input = preprocessing("tf")


def _relu(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=name)(x)


def _separable(x: Any, filters: int, name: str) -> Any:
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return layers.BatchNormalization(name=f"{name}_bn")(x)


def _halving(x: Any, filters: tuple[int, int], block: str, act: bool) -> Any:
    """Two separable convolutions and a pooling, beside a 1 x 1 convolution."""
    beside = layers.Conv2D(filters[1], 1, strides=2, padding="same", use_bias=False)(x)
    beside = layers.BatchNormalization()(beside)
    if act:
        x = _relu(x, f"{block}_sepconv1_act")
    x = _separable(x, filters[0], f"{block}_sepconv1")
    x = _separable(_relu(x, f"{block}_sepconv2_act"), filters[1], f"{block}_sepconv2")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"{block}_pool")(x)
    return layers.Add()([x, beside])


def _body(x: Any) -> Any:
    for name, filters, stride in (("block1_conv1", 32, 2), ("block1_conv2", 64, 1)):
        x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=name)(x)
        x = _relu(layers.BatchNormalization(name=f"{name}_bn")(x), f"{name}_act")
    x = _halving(x, (128, 128), "block2", False)
    x = _halving(x, (256, 256), "block3", True)
    x = _halving(x, (728, 728), "block4", True)
    for k in range(5, 13):
        beside = x
        for i in (1, 2, 3):
            name = f"block{k}_sepconv{i}"
            x = _separable(_relu(x, f"{name}_act"), 728, name)
        x = layers.Add()([x, beside])
    x = _halving(x, (728, 1024), "block13", True)
    for name, filters in (("block14_sepconv1", 1536), ("block14_sepconv2", 2048)):
        x = _relu(_separable(x, filters, name), f"{name}_act")
    return x


@documented("Xception: depthwise separable convolutions.", "Chollet 2017", 299, 71, 2048)
def Xception(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "xception",
) -> Model:
    arguments = Arguments(
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )
    names = ("avg_pool", None, None)
    return build(arguments, _body, _PUBLISHED, size=299, least=71, names=names)
