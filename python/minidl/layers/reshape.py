"""Reshape: the same values, other axes."""

from __future__ import annotations

import math

import numpy as np

from .. import ops
from .layer import Layer


class Reshape(Layer):
    """Gives each sample another shape.

    Args:
        target_shape: Tuple of integers without the batch axis; at most one may be -1.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, ...)`. Output shape: `(batch, *target_shape)`.

    Raises:
        ValueError: the sizes do not match, or `target_shape` is not a valid shape.

    Source: `keras.layers.Reshape`.

    >>> import minidl, numpy as np
    >>> minidl.layers.Reshape((3, -1))(np.zeros((2, 12), "float32")).shape
    (2, 3, 4)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        target = tuple(target_shape)
        sizes = [n for n in target if n != -1]
        if len(target) - len(sizes) > 1 or any(
            isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0 for n in sizes
        ):
            raise ValueError(
                "`target_shape` must hold non-negative integers and at most one -1. "
                f"Received: target_shape={target_shape}"
            )
        self.target_shape = target

    def call(self, inputs):
        return ops.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        batch, *rest = input_shape
        if None in rest:
            return (batch, *(None if n == -1 else n for n in self.target_shape))
        total = math.prod(rest)
        known = math.prod(n for n in self.target_shape if n != -1)
        fits = total % known == 0 if known and -1 in self.target_shape else total == known
        if not fits:
            raise ValueError(
                f"Layer '{self.name}' (Reshape) cannot turn samples of shape {tuple(rest)} "
                f"({total} values) into target_shape={self.target_shape}."
            )
        return (batch, *(total // known if n == -1 else n for n in self.target_shape))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}
