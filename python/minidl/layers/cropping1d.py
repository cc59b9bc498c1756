"""Cropping1D: the ends of a sequence are cut off."""

from __future__ import annotations

from ._common import integers
from ._cropping import Cropping
from .input_spec import InputSpec


class Cropping1D(Cropping):
    """Cuts off the first and the last steps.

    Args:
        cropping: Integer for both ends, or (first, last). Defaults to (1, 1).
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, fewer_steps, channels)`.

    Raises:
        ValueError: a cropping that is no integer of at least 0 or leaves nothing, or an input
            without three axes.

    Source: `keras.layers.Cropping1D`.

    >>> import minidl
    >>> minidl.layers.Cropping1D((0, 1))([[[1.0], [2.0], [3.0]]]).numpy().ravel()
    array([1., 2.], dtype=float32)
    """

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(**kwargs)
        self.cropping = integers(cropping, 2, "cropping", 0)
        self.input_spec = InputSpec(ndim=3)

    def _cuts(self):
        return (self.cropping,)

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}
