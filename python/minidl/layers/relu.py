"""ReLU as a layer."""

from __future__ import annotations

from .. import ops
from ._activation_layers import Elementwise, number


class ReLU(Elementwise):
    """Rectified linear unit: `x` above `threshold`, `negative_slope * (x - threshold)` below.

    Args:
        max_value: Largest output, at least 0; None for no bound.
        negative_slope: Slope below the threshold, at least 0. Defaults to 0.
        threshold: At least 0. Defaults to 0.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: a negative argument.

    Source: `keras.layers.ReLU`.

    >>> import minidl
    >>> minidl.layers.ReLU(max_value=6.0)([[-1.0, 8.0]]).numpy()
    array([[0., 6.]], dtype=float32)
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        self.max_value = max_value if max_value is None else number(max_value, "max_value", 0)
        self.negative_slope = number(negative_slope, "negative_slope", 0)
        self.threshold = number(threshold, "threshold", 0)

    def call(self, inputs):
        return ops.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self):
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
