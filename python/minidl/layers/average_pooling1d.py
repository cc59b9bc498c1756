"""AveragePooling1D: the mean of each window of a sequence."""

from __future__ import annotations

from .. import ops
from ._pooling import Pooling


class AveragePooling1D(Pooling):
    """Mean of each window of sequences; padding is not counted.

    Args:
        pool_size: Integer.
        strides: Integer; None for `pool_size`.
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        data_format: None or `"channels_last"`.
        name: Name of the layer.
        **kwargs: `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new_steps, channels)`.

    Raises:
        ValueError: sizes that are no positive integers, a window longer than the sequence, or an
            input without three axes.

    Source: `keras.layers.AveragePooling1D`.

    >>> import minidl
    >>> minidl.layers.AveragePooling1D(2)([[[1.0], [4.0], [3.0], [2.0]]]).numpy().ravel()
    array([2.5, 2.5], dtype=float32)
    """

    rank = 1

    def call(self, inputs):
        return ops.average_pool(inputs, self.pool_size, self.strides, self.padding)


AvgPool1D = AveragePooling1D
