"""Multiply: the product of tensors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._merging import Merge, fold


class Multiply(Merge):
    """Multiplies a list of tensors, element by element.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of tensors whose shapes broadcast.

    Raises:
        ValueError: the input is no such list, or shapes or batch sizes do not fit.

    Source: `keras.layers.Multiply`.

    >>> import minidl
    >>> minidl.layers.Multiply()([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[3., 3.]], dtype=float32)
    """

    def merge(self, inputs):
        return fold(ops.multiply, inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The layer `Multiply` as a function.

    Args:
        inputs: A list of tensors whose shapes broadcast.
        **kwargs: Arguments of the layer.

    Returns:
        The merged tensor.

    Source: `keras.layers.multiply`.

    >>> import minidl
    >>> minidl.layers.multiply([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[3., 3.]], dtype=float32)
    """
    return Multiply(**kwargs)(inputs)
