"""GlobalAveragePooling2D: the mean of each channel."""

from __future__ import annotations

from .. import ops
from ._pooling import GlobalPooling


class GlobalAveragePooling2D(GlobalPooling):
    """Mean over height and width.

    Args:
        data_format: None or `"channels_last"`.
        keepdims: Whether height and width stay, as 1. Defaults to False.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, channels)`.

    Raises:
        ValueError: the input does not have four axes.

    Source: `keras.layers.GlobalAveragePooling2D`.

    >>> import minidl, numpy as np
    >>> minidl.layers.GlobalAveragePooling2D()(np.ones((1, 2, 2, 3), "float32")).shape
    (1, 3)
    """

    def call(self, inputs):
        return ops.mean(inputs, (1, 2), self.keepdims)


GlobalAvgPool2D = GlobalAveragePooling2D
