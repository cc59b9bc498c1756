"""Permute: axes in another order."""

from __future__ import annotations

from .. import ops
from .input_spec import InputSpec
from .layer import Layer


class Permute(Layer):
    """Puts the axes of each sample into another order.

    Args:
        dims: The axes in their new order, counted from 1; the batch axis stays in front.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: `dims` is no order of 1, 2, ..., or the input has another number of axes.

    Source: `keras.layers.Permute`.

    >>> import minidl, numpy as np
    >>> minidl.layers.Permute((2, 1))(np.zeros((1, 10, 64), "float32")).shape
    (1, 64, 10)
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "`dims` must hold the axes 1, 2, ... in some order, without the batch axis. "
                f"Received: dims={dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}
