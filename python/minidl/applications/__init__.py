"""Networks as `keras.applications` builds them, with Keras's published weights.

Every network has a module with its `preprocess_input` and `decode_predictions`.

>>> import minidl
>>> model = minidl.applications.MobileNetV2(weights=None, input_shape=(32, 32, 3), classes=7)
>>> model.output_shape
(None, 7)
"""

from . import (
    imagenet_utils,
    inception_v3,
    mobilenet_v2,
    resnet50,
    resnet_v2,
    vgg16,
    xception,
)
from .inception_v3 import InceptionV3
from .mobilenet_v2 import MobileNetV2
from .resnet50 import ResNet50
from .resnet_v2 import ResNet50V2
from .vgg16 import VGG16
from .xception import Xception

resnet = resnet50  # Keras has it under both names

__all__ = [
    "VGG16",
    "InceptionV3",
    "MobileNetV2",
    "ResNet50",
    "ResNet50V2",
    "Xception",
    "imagenet_utils",
    "inception_v3",
    "mobilenet_v2",
    "resnet",
    "resnet50",
    "resnet_v2",
    "vgg16",
    "xception",
]
