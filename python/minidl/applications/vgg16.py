"""VGG16: sixteen plain layers of 3 x 3 convolutions and dense ones."""

from __future__ import annotations

from typing import Any

from .. import layers
from ..models import Model
from ._building import Arguments, Published, build, documented, preprocessing
from .imagenet_utils import decode_predictions

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

_PUBLISHED = Published(
    "vgg16",
    ("vgg16_weights_tf_dim_ordering_tf_kernels.h5", "64373286793e3c8b2b4e3219cbf3544b"),
    ("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "6d6bbae143d832006294945121d1f1fc"),
)
_STACKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters, convolutions

preprocess_input = preprocessing("caffe")


def _body(x: Any) -> Any:
    for k, (filters, count) in enumerate(_STACKS, 1):
        for i in range(1, count + 1):
            name = f"block{k}_conv{i}"
            x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=name)(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{k}_pool")(x)
    return x


def _top(x: Any) -> Any:
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    return layers.Dense(4096, activation="relu", name="fc2")(x)


@documented("VGG16: sixteen plain layers.", "Simonyan and Zisserman 2014", 224, 32, 512)
def VGG16(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "vgg16",
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
    return build(arguments, _body, _PUBLISHED, size=224, least=32, top=_top)
