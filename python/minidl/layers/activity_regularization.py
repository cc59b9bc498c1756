"""ActivityRegularization: a penalty on what passes through."""

from __future__ import annotations

from ..regularizers import L1L2
from .layer import Layer


class ActivityRegularization(Layer):
    """Passes its input through and adds a penalty on it to the loss.

    Args:
        l1: Factor of the sum of absolute values. Defaults to 0.
        l2: Factor of the sum of squares. Defaults to 0.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    The sums are divided by the batch size, as for every activity regularizer.

    Raises:
        ValueError: a negative factor.

    Source: `keras.layers.ActivityRegularization`.

    >>> import minidl
    >>> layer = minidl.layers.ActivityRegularization(l1=0.5)
    >>> _ = layer([[1.0, -3.0]])
    >>> float(layer.losses[0])
    2.0
    """

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=L1L2(l1, l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, "l1": self.l1, "l2": self.l2}
