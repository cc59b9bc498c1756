"""MobileNetV2: inverted residual blocks of depthwise convolutions, for small machines."""

from __future__ import annotations

from typing import Any

from .. import layers
from ..models import Model
from ._building import Arguments, Published, build, documented, preprocessing
from .imagenet_utils import decode_predictions

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

# Filters, blocks and the stride of the first block of every stack.
_STACKS = (
    *((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2)),
    *((96, 3, 1), (160, 3, 2), (320, 1, 1)),
)
_SIZES = (96, 128, 160, 192, 224)  # there are weights for
_WIDTHS = (0.35, 0.50, 0.75, 1.0, 1.3, 1.4)

preprocess_input = preprocessing("tf")


def _round(filters: float) -> int:
    """To a multiple of 8, not more than a tenth below."""
    whole = max(8, int(filters + 4) // 8 * 8)
    return whole + 8 if whole < 0.9 * filters else whole


def _norm(x: Any, name: str, relu: str | None = None) -> Any:
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.999, name=name)(x)
    return layers.ReLU(6.0, name=relu)(x) if relu else x


def _pad(x: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Borders before a stride of 2, so that windows lie as TensorFlow's "same" puts them."""
    return tuple((0 if n is None or n % 2 == 0 else 1, 1) for n in x.shape[1:3])  # type: ignore


def _block(x: Any, filters: int, stride: int, index: int) -> Any:
    inputs, channels = x, x.shape[-1]
    prefix = f"block_{index}_" if index else "expanded_conv_"
    if index:
        name = f"{prefix}expand"
        x = layers.Conv2D(6 * channels, 1, padding="same", use_bias=False, name=name)(x)
        x = _norm(x, f"{name}_BN", f"{name}_relu")
    if stride == 2:
        x = layers.ZeroPadding2D(_pad(x), name=f"{prefix}pad")(x)
    name, padding = f"{prefix}depthwise", "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=stride, use_bias=False, padding=padding, name=name)(x)
    x = _norm(x, f"{name}_BN", f"{name}_relu")
    name = f"{prefix}project"
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=name)(x)
    x = _norm(x, f"{name}_BN")
    if channels == filters and stride == 1:
        return layers.Add(name=f"{prefix}add")([inputs, x])
    return x


@documented(
    "MobileNetV2: inverted residual blocks of depthwise convolutions.",
    "Sandler et al. 2018",
    *(224, 32, 1280),
    "\n    alpha: factor of the filters of all layers.",
)
def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    if weights == "imagenet" and alpha not in _WIDTHS:
        raise ValueError(
            f"with `weights='imagenet'`, `alpha` must be one of {_WIDTHS}. Received: alpha={alpha}"
        )

    def body(x: Any) -> Any:
        x = layers.Conv2D(
            _round(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1"
        )(x)
        x = _norm(x, "bn_Conv1", "Conv1_relu")
        index = 0
        for filters, count, stride in _STACKS:
            for i in range(count):
                x = _block(x, _round(int(filters * alpha)), stride if i == 0 else 1, index)
                index += 1
        last = _round(1280 * alpha) if alpha > 1 else 1280
        x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
        return _norm(x, "Conv_1_bn", "out_relu")

    shape = input_shape
    if shape is None and input_tensor is not None:
        shape = tuple(input_tensor.shape[1:])
    square = shape is not None and len(shape) == 3 and shape[0] == shape[1] and shape[0] in _SIZES
    size = shape[0] if square else 224
    files = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{size}"
    published = Published("mobilenet_v2", (f"{files}.h5", None), (f"{files}_no_top.h5", None))
    rows = shape[0] if shape else (224 if include_top else None)
    name = f"mobilenetv2_{alpha:0.2f}_{rows}" if name is None else name
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
    return build(arguments, body, published, size=size, least=32)
