"""AveragePooling2D: the mean of each window."""

from __future__ import annotations

from .. import ops
from ._pooling import Pooling


class AveragePooling2D(Pooling):
    """Mean of each window of channels-last images; padding is not counted.

    Args:
        pool_size: Integer or pair.
        strides: Integer or pair; None for `pool_size`.
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        data_format: None or `"channels_last"`.
        name: Name of the layer.
        **kwargs: `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`.

    Raises:
        ValueError: sizes that are no positive integers, a window larger than the image, or an
            input without four axes.

    Source: `keras.layers.AveragePooling2D`.

    >>> import minidl, numpy as np
    >>> minidl.layers.AveragePooling2D(2)(np.ones((1, 2, 2, 1), "float32")).numpy().item()
    1.0
    """

    def call(self, inputs):
        return ops.average_pool(inputs, self.pool_size, self.strides, self.padding)


AvgPool2D = AveragePooling2D
