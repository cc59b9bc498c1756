"""Which layers read features that PyTorch flattens in another order: (channels, height, width)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_AS_BEFORE = (  # the same features in the same order
    "Dropout", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "GaussianNoise", "PReLU",
    "GaussianDropout", "BatchNormalization", "LayerNormalization", "ActivityRegularization",
    "Identity",
)  # fmt: skip
_WINDOWS = ("Conv", "Pooling", "Depthwise", "Separable", "UpSampling", "ZeroPad", "Cropping")


def nodes_of(model: Any) -> set[Any]:
    """The calls that a functional or Sequential model is made of."""
    from ..models._graph import _walk

    if getattr(model, "_graph", None) is not None:
        return set(model._graph.own)
    if getattr(model, "_symbolic", None) is not None:
        return set(_walk([model._input.output], [model._symbolic])[0])
    return set()


def rows_of(layer: Any, nodes: set[Any]) -> np.ndarray | None:
    """For a layer behind a Flatten: which of PyTorch's features each of ours is; None elsewhere.

    Args:
        layer: A layer of a functional or Sequential model.
        nodes: The calls of that model, of `nodes_of`.
    """
    x = _input(layer, nodes)
    while x is not None:
        before = x._keras_history.operation
        kind = type(before).__name__
        if kind == "Flatten" or (kind == "Reshape" and len(x.shape) == 2):
            return _order(_input(before, nodes), nodes)
        if kind not in _AS_BEFORE:
            return None
        x = _input(before, nodes)
    return None


def _input(layer: Any, nodes: set[Any]) -> Any:
    """The first tensor that a layer is called on in the model."""
    for node in layer._inbound_nodes:
        if node in nodes and not node.is_input:
            return next(iter(node.input_tensors), None)
    return None


def _order(x: Any, nodes: set[Any]) -> np.ndarray | None:
    shape: tuple = x.shape[1:] if x is not None else ()
    if len(shape) < 2 or None in shape or not _channels_first(x, nodes):
        return None
    index = np.arange(math.prod(shape)).reshape(shape[-1], *shape[:-1])
    return np.moveaxis(index, 0, -1).reshape(-1)


def _channels_first(x: Any, nodes: set[Any]) -> bool:
    """Images are in PyTorch, and sequences where a convolution or pooling made them."""
    if len(x.shape) > 3:
        return True
    while x is not None:
        kind = type(x._keras_history.operation).__name__
        if any(word in kind for word in _WINDOWS):
            return True
        if kind not in (*_AS_BEFORE, "Add", "Multiply", "Concatenate"):
            return False
        x = _input(x._keras_history.operation, nodes)
    return False
