"""ResNet50V2: residual blocks with activations before the convolutions."""

from __future__ import annotations

from typing import Any

from ..models import Model
from ._building import Arguments, Published, documented, preprocessing
from ._residual import residual_network
from .imagenet_utils import decode_predictions

__all__ = ["ResNet50V2", "decode_predictions", "preprocess_input"]

_PUBLISHED = Published(
    "resnet",
    ("resnet50v2_weights_tf_dim_ordering_tf_kernels.h5", "3ef43a0b657b3be2300d5770ece849e0"),
    ("resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "fac2f116257151a9d068a22e544a4917"),
)

preprocess_input = preprocessing("tf")


@documented(
    "ResNet50V2: residual blocks with activations before the convolutions.",
    "He et al. 2016",
    224,
    32,
    2048,
)
def ResNet50V2(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "resnet50v2",
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
    return residual_network(arguments, _PUBLISHED, (3, 4, 6, 3), version=2)
