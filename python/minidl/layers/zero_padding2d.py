"""ZeroPadding2D: a border of zeros around images."""

from __future__ import annotations

from .. import ops
from ._common import check_data_format, sides
from .input_spec import InputSpec
from .layer import Layer


class ZeroPadding2D(Layer):
    """Adds rows and columns of zeros.

    Args:
        padding: Integer for all sides, (height, width), or ((top, bottom), (left, right)).
            Defaults to (1, 1).
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, padded_height, padded_width, channels)`.

    Raises:
        ValueError: a padding that is no integer of at least 0, or an input without four axes.

    Source: `keras.layers.ZeroPadding2D`.

    >>> import minidl, numpy as np
    >>> minidl.layers.ZeroPadding2D(((1, 0), (2, 2)))(np.ones((1, 3, 3, 1), "float32")).shape
    (1, 4, 7, 1)
    """

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.padding = sides(padding, "padding")
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        return ops.pad(inputs, ((0, 0), *self.padding, (0, 0)))

    def compute_output_shape(self, input_shape):
        middle = (
            None if n is None else n + sum(pad)
            for n, pad in zip(input_shape[1:-1], self.padding, strict=True)
        )
        return (input_shape[0], *middle, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "padding": self.padding,
            "data_format": self.data_format,
        }
