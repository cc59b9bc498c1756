"""Maximum: the largest of tensors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._merging import MaskedExtremum


class Maximum(MaskedExtremum):
    """The largest values of a list of tensors, element by element.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of tensors whose shapes broadcast.

    Raises:
        ValueError: the input is no such list, or shapes or batch sizes do not fit.

    Source: `keras.layers.Maximum`.

    >>> import minidl
    >>> minidl.layers.Maximum()([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[3., 3.]], dtype=float32)
    """

    choose = staticmethod(ops.maximum)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The layer `Maximum` as a function.

    Args:
        inputs: A list of tensors whose shapes broadcast.
        **kwargs: Arguments of the layer.

    Returns:
        The merged tensor.

    Source: `keras.layers.maximum`.

    >>> import minidl
    >>> minidl.layers.maximum([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[3., 3.]], dtype=float32)
    """
    return Maximum(**kwargs)(inputs)
