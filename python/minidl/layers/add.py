"""Add: the sum of tensors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._merging import Merge, fold


class Add(Merge):
    """Adds a list of tensors, element by element.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of tensors whose shapes broadcast.

    Raises:
        ValueError: the input is no such list, or shapes or batch sizes do not fit.

    Source: `keras.layers.Add`.

    >>> import minidl
    >>> minidl.layers.Add()([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[4., 4.]], dtype=float32)
    """

    def merge(self, inputs):
        return fold(ops.add, inputs)


def add(inputs: Any, **kwargs: Any) -> Any:
    """The layer `Add` as a function.

    Args:
        inputs: A list of tensors whose shapes broadcast.
        **kwargs: Arguments of the layer.

    Returns:
        The merged tensor.

    Source: `keras.layers.add`.

    >>> import minidl
    >>> minidl.layers.add([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[4., 4.]], dtype=float32)
    """
    return Add(**kwargs)(inputs)
