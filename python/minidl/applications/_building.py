"""What the networks of this package share: the check of their arguments, their heads, weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import activations, layers
from .._symbolic import KerasTensor
from ..models import Model
from ..utils import get_file
from . import imagenet_utils

WEIGHTS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclass(frozen=True)
class Published:
    """Where Keras publishes the ImageNet weights of a network: file names and MD5, or none."""

    folder: str
    top: tuple[str, str | None]
    no_top: tuple[str, str | None]

    def fetch(self, include_top: bool) -> str:
        """The local path of the file, downloaded where it is not there yet."""
        name, md5 = self.top if include_top else self.no_top
        url = f"{WEIGHTS_URL}{self.folder}/{name}"
        return get_file(name, url, cache_subdir="models", file_hash=md5)


@dataclass(frozen=True)
class Arguments:
    """The arguments that all networks take, as Keras names them."""

    include_top: bool
    weights: Any
    input_tensor: Any
    input_shape: Any
    pooling: Any
    classes: int
    classifier_activation: Any
    name: str | None


def build(
    a: Arguments,
    body: Callable[[Any], Any],
    published: Published,
    *,
    size: int,
    least: int,
    top: Callable[[Any], Any] | None = None,
    names: tuple[str | None, str | None, str | None] = (None, None, None),
) -> Model:
    """The network `body` with the head that the arguments ask for, and its weights.

    Args:
        a: what the user gave.
        body: from the input to the last feature map.
        published: where the weights for "imagenet" are.
        size: height and width of the input by default; least: the smallest.
        top: what is before the last dense layer, in place of global average pooling.
        names: of the pooling layers: before the classifier, average and max.
    """
    _check(a)
    shape = _input_shape(a, size, least)
    inputs = a.input_tensor
    if inputs is None:
        inputs = layers.Input(shape=shape)
    x = body(inputs)
    if a.include_top:
        x = top(x) if top else layers.GlobalAveragePooling2D(name=names[0])(x)
        x = layers.Dense(a.classes, activation=a.classifier_activation, name="predictions")(x)
    elif a.pooling == "avg":
        x = layers.GlobalAveragePooling2D(name=names[1])(x)
    elif a.pooling == "max":
        x = layers.GlobalMaxPooling2D(name=names[2])(x)
    model = Model(inputs, x, name=a.name)
    if a.weights is not None:
        path = published.fetch(a.include_top) if a.weights == "imagenet" else a.weights
        model.load_weights(path)
    return model


def _check(a: Arguments) -> None:
    """ValueError for arguments that do not go together."""
    if a.weights is not None and a.weights != "imagenet" and not os.path.exists(a.weights):
        raise ValueError(
            "`weights` must be None (random weights), 'imagenet' or the path of a file with "
            f"weights. Received: weights={a.weights!r}, which is no file"
        )
    if a.pooling not in (None, "avg", "max"):
        raise ValueError(f"`pooling` must be None, 'avg' or 'max'. Received: {a.pooling!r}")
    if not isinstance(a.classes, int) or a.classes < 1:
        raise ValueError(f"`classes` must be a positive integer. Received: {a.classes!r}")
    if a.weights == "imagenet" and a.include_top and a.classes != 1000:
        raise ValueError(
            "with `weights='imagenet'` and `include_top=True`, `classes` must be 1000. "
            f"Received: classes={a.classes}"
        )
    if a.weights is not None and a.include_top:
        allowed = (activations.get("softmax"), activations.get(None))
        if activations.get(a.classifier_activation) not in allowed:
            raise ValueError(
                "`classifier_activation` must be None or 'softmax' with given weights. "
                f"Received: {a.classifier_activation!r}"
            )
    if a.input_tensor is not None and not isinstance(a.input_tensor, KerasTensor):
        raise ValueError(
            "`input_tensor` must be a symbolic tensor, such as `layers.Input` gives. "
            f"Received: {a.input_tensor!r}"
        )


def _input_shape(a: Arguments, size: int, least: int) -> tuple[int | None, ...]:
    shape = a.input_shape
    if shape is None and a.input_tensor is not None:
        shape = a.input_tensor.shape[1:]
    if shape is None:
        return (size, size, 3) if a.include_top else (None, None, 3)
    shape = tuple(shape)
    if len(shape) != 3:
        raise ValueError(
            f"`input_shape` must be (height, width, channels). Received: input_shape={shape}"
        )
    if any(n is not None and n < least for n in shape[:2]):
        raise ValueError(
            f"the input must be at least {least}x{least} pixels. Received: input_shape={shape}"
        )
    if a.weights == "imagenet" and shape[2] != 3:
        raise ValueError(
            "the weights for ImageNet are for 3 channels. "
            f"Received: input_shape={shape} (minidl is channels-last)"
        )
    if a.weights == "imagenet" and a.include_top and shape != (size, size, 3):
        raise ValueError(
            "with `weights='imagenet'` and `include_top=True`, `input_shape` must be "
            f"{(size, size, 3)}. Received: input_shape={shape}"
        )
    if a.include_top and None in shape:
        raise ValueError(
            "with `include_top=True`, `input_shape` must name height and width. "
            f"Received: input_shape={shape}"
        )
    return shape


_DOC = """{title}

Args:
    include_top: whether the dense layer for the classes is there.
    weights: None (random), "imagenet" (Keras's public file, fetched once) or a path.
    input_tensor: symbolic tensor to build upon, or None for a new input.
    input_shape: (height, width, channels), at least {least} pixels each way; by default
        ({size}, {size}, 3), or any size without the top.
    pooling: without the top, None (feature maps), "avg" or "max" (over height and width).
    classes: how many, with the top.
    classifier_activation: of the top; None for scores.
    name: of the model.{more}

Returns:
    A functional `Model`.

Raises:
    ValueError: arguments that do not fit together.
    OSError: weights that cannot be fetched.

Source: `keras.applications.{name}`; {paper}. Images go through `preprocess_input` of the same
module first.

>>> from minidl.applications import {name}
>>> shape = ({least}, {least}, 3)
>>> model = {name}(weights=None, include_top=False, input_shape=shape, pooling="avg")
>>> model.output_shape
(None, {features})
"""


def documented(
    title: str, paper: str, size: int, least: int, features: int, more: str = ""
) -> Callable[[Callable[..., Model]], Callable[..., Model]]:
    """Gives a network its docstring: their arguments are the same."""

    def put(function: Callable[..., Model]) -> Callable[..., Model]:
        function.__doc__ = _DOC.format(
            name=function.__name__,
            title=title,
            paper=paper,
            size=size,
            least=least,
            features=features,
            more=more,
        )
        return function

    return put


def preprocessing(mode: str) -> Callable[..., Any]:
    """`preprocess_input` of a network that wants images in that mode."""

    def preprocess_input(x: Any, data_format: str | None = None) -> Any:
        return imagenet_utils.preprocess_input(x, data_format, mode=mode)

    preprocess_input.__doc__ = f"""Images as this network wants them: mode "{mode}".

    Args, returns and raises as `minidl.applications.imagenet_utils.preprocess_input`.

    >>> import numpy as np
    >>> preprocess_input(np.zeros((2, 8, 8, 3), "float32")).shape
    (2, 8, 8, 3)
    """
    return preprocess_input
