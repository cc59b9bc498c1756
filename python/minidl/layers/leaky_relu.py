"""LeakyReLU as a layer."""

from __future__ import annotations

from .. import ops
from ._activation_layers import Elementwise, number


class LeakyReLU(Elementwise):
    """`x` above 0, `negative_slope * x` below.

    Args:
        negative_slope: At least 0. Defaults to 0.3.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: a negative slope.

    Source: `keras.layers.LeakyReLU`; Maas et al. 2013.

    >>> import minidl
    >>> minidl.layers.LeakyReLU(0.5)([[-1.0, 2.0]]).numpy()
    array([[-0.5,  2. ]], dtype=float32)
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:  # Keras 2's name
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        self.negative_slope = number(negative_slope, "negative_slope", 0)

    def call(self, inputs):
        return ops.relu(inputs, self.negative_slope, None, 0.0)

    def get_config(self):
        return {**super().get_config(), "negative_slope": self.negative_slope}
