"""MaxPooling2D: the largest value of each window."""

from __future__ import annotations

from .. import ops
from ._pooling import Pooling


class MaxPooling2D(Pooling):
    """Largest value of each window of channels-last images; padding never wins.

    Args:
        pool_size: Integer or pair. Defaults to (2, 2).
        strides: Integer or pair; None for `pool_size`.
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        data_format: None or `"channels_last"`.
        name: Name of the layer.
        **kwargs: `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`.

    Raises:
        ValueError: sizes that are no positive integers, a window larger than the image, or an
            input without four axes.

    Source: `keras.layers.MaxPooling2D`.

    >>> import minidl, numpy as np
    >>> minidl.layers.MaxPooling2D()(np.zeros((1, 8, 8, 3), "float32")).shape
    (1, 4, 4, 3)
    """

    def __init__(
        self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs):
        return ops.max_pool(inputs, self.pool_size, self.strides, self.padding)


MaxPool2D = MaxPooling2D
