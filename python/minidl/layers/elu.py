"""ELU as a layer."""

from __future__ import annotations

from .. import ops
from ._activation_layers import Elementwise, number


class ELU(Elementwise):
    """`x` above 0, `alpha * (exp(x) - 1)` below.

    Args:
        alpha: Factor. Defaults to 1.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Source: `keras.layers.ELU`; Clevert et al. 2016.

    >>> import minidl
    >>> minidl.layers.ELU()([[-1.0, 2.0]]).numpy().round(4)
    array([[-0.6321,  2.    ]], dtype=float32)
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = number(alpha, "alpha")

    def call(self, inputs):
        return ops.elu(inputs, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}
