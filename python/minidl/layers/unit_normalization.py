"""UnitNormalization: each example to a norm of 1."""

from __future__ import annotations

from .. import ops
from ._normalization import check_axis, read_axis
from .layer import Layer


class UnitNormalization(Layer):
    """Divides each example by its Euclidean norm.

    Args:
        axis: Axis or axes that make up one vector. Defaults to -1.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: an axis is out of bounds.
        TypeError: `axis` holds no integers.

    Source: `keras.layers.UnitNormalization`.

    >>> import minidl
    >>> minidl.layers.UnitNormalization()([[3.0, 4.0]]).numpy().round(3)
    array([[0.6, 0.8]], dtype=float32)
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = read_axis(axis)
        self.supports_masking = True

    def build(self, input_shape):
        check_axis(self, self.axis, input_shape)

    def call(self, inputs):
        return ops.normalize(inputs, self.axis, 2, 1e-12)

    def compute_output_shape(self, input_shape):
        check_axis(self, self.axis, input_shape)
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}
