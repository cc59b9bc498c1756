"""UpSampling1D: each step of a sequence several times."""

from __future__ import annotations

import numpy as np

from .. import ops
from .input_spec import InputSpec
from .layer import Layer


class UpSampling1D(Layer):
    """Repeats each step.

    Args:
        size: Positive integer, how many times. Defaults to 2.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, steps * size, channels)`.

    Raises:
        TypeError: `size` is no integer.
        ValueError: `size` is not positive, or the input does not have three axes.

    Source: `keras.layers.UpSampling1D`.

    >>> import minidl
    >>> minidl.layers.UpSampling1D(2)([[[1.0], [5.0]]]).numpy().ravel()
    array([1., 1., 5., 5.], dtype=float32)
    """

    def __init__(self, size=2, **kwargs):
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
            raise TypeError(f"`size` must be a positive integer. Received: size={size!r}")
        if size <= 0:
            raise ValueError(f"`size` must be a positive integer. Received: size={size!r}")
        super().__init__(**kwargs)
        self.size = int(size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        batch, steps, channels = inputs.shape
        image = ops.reshape(inputs, (batch, steps, 1, channels))
        out = ops.resize2d(image, (steps * self.size, 1), "nearest")
        return ops.reshape(out, (batch, steps * self.size, channels))

    def compute_output_shape(self, input_shape):
        batch, steps, channels = input_shape
        return (batch, None if steps is None else steps * self.size, channels)

    def get_config(self):
        return {**super().get_config(), "size": self.size}
