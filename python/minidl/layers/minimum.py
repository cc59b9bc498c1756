"""Minimum: the smallest of tensors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._merging import MaskedExtremum


class Minimum(MaskedExtremum):
    """The smallest values of a list of tensors, element by element.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of tensors whose shapes broadcast.

    Raises:
        ValueError: the input is no such list, or shapes or batch sizes do not fit.

    Source: `keras.layers.Minimum`.

    >>> import minidl
    >>> minidl.layers.Minimum()([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[1., 1.]], dtype=float32)
    """

    choose = staticmethod(ops.minimum)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The layer `Minimum` as a function.

    Args:
        inputs: A list of tensors whose shapes broadcast.
        **kwargs: Arguments of the layer.

    Returns:
        The merged tensor.

    Source: `keras.layers.minimum`.

    >>> import minidl
    >>> minidl.layers.minimum([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[1., 1.]], dtype=float32)
    """
    return Minimum(**kwargs)(inputs)
