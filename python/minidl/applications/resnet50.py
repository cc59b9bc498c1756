"""ResNet50: 50 layers in residual blocks."""

from __future__ import annotations

from typing import Any

from ..models import Model
from ._building import Arguments, Published, documented, preprocessing
from ._residual import residual_network
from .imagenet_utils import decode_predictions

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]

_PUBLISHED = Published(
    "resnet",
    ("resnet50_weights_tf_dim_ordering_tf_kernels.h5", "2cb95161c43110f7111970584f804107"),
    ("resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626"),
)

preprocess_input = preprocessing("caffe")


@documented("ResNet50: 50 layers in residual blocks.", "He et al. 2015", 224, 32, 2048)
def ResNet50(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "resnet50",
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
    return residual_network(arguments, _PUBLISHED, (3, 4, 6, 3), version=1)
