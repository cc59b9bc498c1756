"""What the pooling layers share."""

from __future__ import annotations

from ._common import (
    channels_first_hint,
    check_data_format,
    check_padding,
    integers,
    output_sizes,
)
from .input_spec import InputSpec
from .layer import Layer


class Pooling(Layer):
    """Base of max and average pooling: the arguments and the shapes."""

    rank = 2  # axes the window slides along

    def __init__(
        self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.pool_size = integers(pool_size, self.rank, "pool_size")
        self.strides = self.pool_size
        if strides is not None:
            self.strides = integers(strides, self.rank, "strides")
        self.padding = check_padding(padding)
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def build(self, input_shape):
        output_sizes(self, input_shape, self.pool_size, self.strides)

    def compute_output_shape(self, input_shape):
        sizes = output_sizes(self, input_shape, self.pool_size, self.strides)
        return (input_shape[0], *sizes, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class GlobalPooling(Layer):
    """Base of the global pooling layers: one number per channel."""

    rank = 2

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def compute_output_shape(self, input_shape):
        middle = (1,) * self.rank if self.keepdims else ()
        return (input_shape[0], *middle, input_shape[-1])

    def _shape_hint(self, shape):
        return channels_first_hint(shape)

    def get_config(self):
        return {
            **super().get_config(),
            "data_format": self.data_format,
            "keepdims": self.keepdims,
        }
