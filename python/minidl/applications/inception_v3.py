"""InceptionV3: parallel convolutions of several sizes, joined along the channels."""

from __future__ import annotations

from typing import Any

from .. import layers
from ..models import Model
from ._building import Arguments, Published, build, documented, preprocessing
from .imagenet_utils import decode_predictions

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

_PUBLISHED = Published(
    "inception_v3",
    ("inception_v3_weights_tf_dim_ordering_tf_kernels.h5", "9a0d58056eeedaa3f26cb7ebd46da564"),
    (
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
)

preprocess_input = preprocessing("tf")

Step = tuple  # filters, height, width[, stride]: a stride of 2 goes without padding


def _conv(x: Any, filters: int, height: int, width: int, stride: int = 1, pad: bool = True) -> Any:
    x = layers.Conv2D(
        filters,
        (height, width),
        strides=stride,
        padding="same" if pad and stride == 1 else "valid",
        use_bias=False,
    )(x)
    return layers.Activation("relu")(layers.BatchNormalization(scale=False)(x))


def _branch(x: Any, *steps: Step) -> Any:
    for step in steps:
        x = _conv(x, *step)
    return x


def _pooled(x: Any, filters: int) -> Any:
    x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    return _conv(x, filters, 1, 1)


def _join(branches: list[Any], name: str | None = None) -> Any:
    return layers.Concatenate(axis=3, name=name)(branches)


def _halved(x: Any, *branches: tuple[Step, ...]) -> list[Any]:
    """Branches that end with a stride of 2, and a pooling."""
    return [*(_branch(x, *steps) for steps in branches), layers.MaxPooling2D(3, strides=2)(x)]


def _small(x: Any, pooled: int, name: str) -> Any:
    """1 x 1, 5 x 5, 3 x 3 twice, and pooling."""
    branches = [
        _conv(x, 64, 1, 1),
        _branch(x, (48, 1, 1), (64, 5, 5)),
        _branch(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        _pooled(x, pooled),
    ]
    return _join(branches, name)


def _long(x: Any, n: int, name: str) -> Any:
    """7 x 7 convolutions as one row and one column."""
    branches = [
        _conv(x, 192, 1, 1),
        _branch(x, (n, 1, 1), (n, 1, 7), (192, 7, 1)),
        _branch(x, (n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)),
        _pooled(x, 192),
    ]
    return _join(branches, name)


def _wide(x: Any, index: int) -> Any:
    """3 x 3 convolutions as a row beside a column."""
    one = _conv(x, 320, 1, 1)
    three = _conv(x, 384, 1, 1)
    three = _join([_conv(three, 384, 1, 3), _conv(three, 384, 3, 1)], f"mixed9_{index}")
    twice = _branch(x, (448, 1, 1), (384, 3, 3))
    twice = _join([_conv(twice, 384, 1, 3), _conv(twice, 384, 3, 1)])
    return _join([one, three, twice, _pooled(x, 192)], f"mixed{9 + index}")


def _body(x: Any) -> Any:
    x = _conv(x, 32, 3, 3, stride=2)
    x = _conv(x, 32, 3, 3, pad=False)
    x = layers.MaxPooling2D(3, strides=2)(_conv(x, 64, 3, 3))
    x = _conv(x, 80, 1, 1, pad=False)
    x = layers.MaxPooling2D(3, strides=2)(_conv(x, 192, 3, 3, pad=False))
    for k, pooled in enumerate((32, 64, 64)):
        x = _small(x, pooled, f"mixed{k}")
    x = _join(_halved(x, ((384, 3, 3, 2),), ((64, 1, 1), (96, 3, 3), (96, 3, 3, 2))), "mixed3")
    for k, n in ((4, 128), (5, 160), (6, 160), (7, 192)):
        x = _long(x, n, f"mixed{k}")
    wide = ((192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3, 2))
    x = _join(_halved(x, ((192, 1, 1), (320, 3, 3, 2)), wide), "mixed8")
    return _wide(_wide(x, 0), 1)


@documented(
    "InceptionV3: parallel convolutions of several sizes.", "Szegedy et al. 2015", 299, 75, 2048
)
def InceptionV3(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "inception_v3",
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
    return build(arguments, _body, _PUBLISHED, size=299, least=75, names=names)
