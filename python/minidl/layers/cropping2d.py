"""Cropping2D: the borders of images are cut off."""

from __future__ import annotations

from ._common import check_data_format, sides
from ._cropping import Cropping
from .input_spec import InputSpec


class Cropping2D(Cropping):
    """Cuts off rows and columns on each side.

    Args:
        cropping: Integer for all sides, (height, width), or ((top, bottom), (left, right)).
            Defaults to ((0, 0), (0, 0)).
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, less_height, less_width, channels)`.

    Raises:
        ValueError: a cropping that is no integer of at least 0 or leaves nothing, or an input
            without four axes.

    Source: `keras.layers.Cropping2D`.

    >>> import minidl, numpy as np
    >>> minidl.layers.Cropping2D(((1, 0), (2, 2)))(np.ones((1, 5, 7, 1), "float32")).shape
    (1, 4, 3, 1)
    """

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.cropping = sides(cropping, "cropping")
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def _cuts(self):
        return self.cropping

    def get_config(self):
        return {
            **super().get_config(),
            "cropping": self.cropping,
            "data_format": self.data_format,
        }
