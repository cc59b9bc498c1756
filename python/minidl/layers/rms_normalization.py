"""RMSNormalization: each example to mean square 1, then scaled."""

from __future__ import annotations

from .. import ops
from ._normalization import check_axis, read_axis, read_epsilon
from .layer import Layer


class RMSNormalization(Layer):
    """Divides each example by its root mean square, then multiplies by the weight `scale`.

    Args:
        axis: Axis or axes that are normalised together. Defaults to -1.
        epsilon: Added to the mean square. Defaults to 1e-6.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: epsilon is negative, or an axis is out of bounds.
        TypeError: `axis` holds no integers.

    Source: `keras.layers.RMSNormalization`; Zhang and Sennrich 2019.

    >>> import minidl
    >>> minidl.layers.RMSNormalization(epsilon=0.0)([[1.0, 7.0]]).numpy().round(6).tolist()
    [[0.20000000298023224, 1.399999976158142]]
    """

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis = read_axis(axis)
        self.epsilon = read_epsilon(epsilon)
        self.scale = None

    def build(self, input_shape):
        check_axis(self, self.axis, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = tuple(input_shape[a] for a in self.axis)
        self.scale = self.add_weight(shape=shape, initializer="ones", name="scale")

    def call(self, inputs):
        return ops.rms_normalization(inputs, self.scale, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape):
        check_axis(self, self.axis, input_shape)
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
