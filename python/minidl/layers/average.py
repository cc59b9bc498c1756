"""Average: the mean of tensors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._merging import Merge, fold


class Average(Merge):
    """Averages a list of tensors, element by element.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of tensors whose shapes broadcast.

    Raises:
        ValueError: the input is no such list, or shapes or batch sizes do not fit.

    Source: `keras.layers.Average`.

    >>> import minidl
    >>> minidl.layers.Average()([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[2., 2.]], dtype=float32)
    """

    def merge(self, inputs):
        return fold(ops.add, inputs) / len(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The layer `Average` as a function.

    Args:
        inputs: A list of tensors whose shapes broadcast.
        **kwargs: Arguments of the layer.

    Returns:
        The merged tensor.

    Source: `keras.layers.average`.

    >>> import minidl
    >>> minidl.layers.average([minidl.ops.ones((1, 2)), minidl.ops.full((1, 2), 3.0)]).numpy()
    array([[2., 2.]], dtype=float32)
    """
    return Average(**kwargs)(inputs)
