"""Images as the networks want them, and their predictions as names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor
from ..utils import get_file

_CLASSES_URL = (
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
)
_CLASSES_MD5 = "c2c37ea517e94d9795004a39431a14cb"
# Of ImageNet's training images: mean of blue, green, red in [0, 255]; mean and standard deviation
# of red, green, blue in [0, 1].
_BGR_MEAN = (103.939, 116.779, 123.68)
_RGB_MEAN, _RGB_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Images with values in [0, 255] as a network was trained on them.

    Args:
        x: array or tensor of shape (height, width, 3) or (batch, height, width, 3), red first.
        data_format: None or "channels_last".
        mode: "caffe" (blue first, ImageNet's mean taken off), "tf" (to [-1, 1]) or "torch" (to
            [0, 1], then by ImageNet's mean and standard deviation).

    Returns:
        A new floating-point array, or tensor where x is one; x itself stays as it is.

    Raises:
        ValueError: an unknown mode, another layout, not 3 channels.

    Source: `keras.applications.imagenet_utils.preprocess_input` (which may write over x).

    >>> import numpy as np
    >>> preprocess_input(np.full((1, 1, 3), 255.0), mode="tf").tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(f"`mode` must be 'caffe', 'tf' or 'torch'. Received: mode={mode!r}")
    if data_format not in (None, "channels_last"):
        raise ValueError(
            "minidl keeps images channels-last: `data_format` must be None or 'channels_last'. "
            f"Received: data_format={data_format!r}"
        )
    symbolic = not isinstance(x, (np.ndarray, list, tuple))
    if not symbolic:
        x = np.asarray(x)
        x = x.astype(x.dtype if np.issubdtype(x.dtype, np.floating) else "float32")
    if len(x.shape) not in (3, 4) or x.shape[-1] != 3:
        raise ValueError(
            "preprocess_input: x must be (height, width, 3) or (batch, height, width, 3). "
            f"Received: shape {tuple(x.shape)}"
        )
    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "torch":
        mean, std = (np.asarray(v, _dtype(x)) for v in (_RGB_MEAN, _RGB_STD))
        return (x / 255.0 - mean) / std
    reverse = ops.flip(x, -1) if symbolic else x[..., ::-1]
    return reverse - np.asarray(_BGR_MEAN, _dtype(x))


def _dtype(x: Any) -> Any:
    return x.dtype if isinstance(x, (np.ndarray, Tensor)) else "float32"


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """The most likely of ImageNet's classes for every image.

    Args:
        preds: float array of shape (batch, 1000).
        top: how many classes to name.

    Returns:
        For every image a list of (WordNet id, name, score), the best first.

    Raises:
        ValueError: another shape. OSError: the list of names is not here and cannot be fetched.

    Source: `keras.applications.imagenet_utils.decode_predictions`.

    >>> import numpy as np
    >>> decode_predictions(np.ones((1, 10)))
    Traceback (most recent call last):
        ...
    ValueError: decode_predictions: preds must be (batch, 1000). Received: shape (1, 10)
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(
            f"decode_predictions: preds must be (batch, 1000). Received: shape {preds.shape}"
        )
    path = get_file(
        "imagenet_class_index.json", _CLASSES_URL, cache_subdir="models", file_hash=_CLASSES_MD5
    )
    with open(path, encoding="utf-8") as file:
        names = json.load(file)
    best = np.argsort(-preds, axis=1, kind="stable")[:, :top]
    return [
        [(*names[str(i)], float(row[i])) for i in order]
        for row, order in zip(preds, best, strict=True)
    ]
