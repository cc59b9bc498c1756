"""ZeroPadding1D: zeros before and after a sequence."""

from __future__ import annotations

from .. import ops
from ._common import check_data_format, integers
from .input_spec import InputSpec
from .layer import Layer


class ZeroPadding1D(Layer):
    """Adds steps of zeros.

    Args:
        padding: Integer for both ends, or (before, after). Defaults to 1.
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, padded_steps, channels)`.

    Raises:
        ValueError: a padding that is no integer of at least 0, or an input without three axes.

    Source: `keras.layers.ZeroPadding1D`.

    >>> import minidl
    >>> minidl.layers.ZeroPadding1D((2, 1))([[[5.0]]]).numpy().ravel()
    array([0., 0., 5., 0.], dtype=float32)
    """

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.padding = integers(padding, 2, "padding", 0)
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        return ops.pad(inputs, ((0, 0), self.padding, (0, 0)))

    def compute_output_shape(self, input_shape):
        batch, steps, channels = input_shape
        return (batch, None if steps is None else steps + sum(self.padding), channels)

    def get_config(self):
        return {
            **super().get_config(),
            "padding": self.padding,
            "data_format": self.data_format,
        }
