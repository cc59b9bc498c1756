"""Subtract: the difference of two tensors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._merging import Merge


class Subtract(Merge):
    """Subtracts the second tensor from the first.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of two tensors whose shapes broadcast.

    Raises:
        ValueError: the input is no such list, or shapes or batch sizes do not fit.

    Source: `keras.layers.Subtract`.

    >>> import minidl
    >>> minidl.layers.Subtract()([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[-2., -2.]], dtype=float32)
    """

    least = most = 2

    def merge(self, inputs):
        return ops.subtract(*inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The layer `Subtract` as a function.

    Args:
        inputs: A list of two tensors whose shapes broadcast.
        **kwargs: Arguments of the layer.

    Returns:
        The merged tensor.

    Source: `keras.layers.subtract`.

    >>> import minidl
    >>> minidl.layers.subtract([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[-2., -2.]], dtype=float32)
    """
    return Subtract(**kwargs)(inputs)
