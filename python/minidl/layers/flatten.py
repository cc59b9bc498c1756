"""Flatten: all axes but the batch become one."""

from __future__ import annotations

import math

from .. import ops
from ._common import check_data_format
from .input_spec import InputSpec
from .layer import Layer


class Flatten(Layer):
    """Joins all axes after the batch axis.

    Args:
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, ...)`. Output shape: `(batch, product)`; `(batch, 1)` for rank 1.

    Source: `keras.layers.Flatten`.

    >>> import minidl, numpy as np
    >>> minidl.layers.Flatten()(np.zeros((2, 3, 4), "float32")).shape
    (2, 12)
    """

    _writes_build = True

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        shape = inputs.shape
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))

    def compute_output_shape(self, input_shape):
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}
