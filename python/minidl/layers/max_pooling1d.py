"""MaxPooling1D: the largest value of each window of a sequence."""

from __future__ import annotations

from .. import ops
from ._pooling import Pooling


class MaxPooling1D(Pooling):
    """Largest value of each window of sequences; padding never wins.

    Args:
        pool_size: Integer. Defaults to 2.
        strides: Integer; None for `pool_size`.
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        data_format: None or `"channels_last"`.
        name: Name of the layer.
        **kwargs: `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new_steps, channels)`.

    Raises:
        ValueError: sizes that are no positive integers, a window longer than the sequence, or an
            input without three axes.

    Source: `keras.layers.MaxPooling1D`.

    >>> import minidl
    >>> minidl.layers.MaxPooling1D()([[[1.0], [4.0], [3.0], [2.0]]]).numpy().ravel()
    array([4., 3.], dtype=float32)
    """

    rank = 1

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs):
        return ops.max_pool(inputs, self.pool_size, self.strides, self.padding)


MaxPool1D = MaxPooling1D
