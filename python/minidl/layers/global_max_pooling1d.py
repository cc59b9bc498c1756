"""GlobalMaxPooling1D: the largest value of each channel of a sequence."""

from __future__ import annotations

from .. import ops
from ._pooling import GlobalPooling


class GlobalMaxPooling1D(GlobalPooling):
    """Largest value over the steps.

    Args:
        data_format: None or `"channels_last"`.
        keepdims: Whether the axis of steps stays, as 1. Defaults to False.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, channels)`.

    Raises:
        ValueError: the input does not have three axes.

    Source: `keras.layers.GlobalMaxPooling1D`.

    >>> import minidl
    >>> minidl.layers.GlobalMaxPooling1D()([[[1.0, 5.0], [4.0, 2.0]]]).numpy()
    array([[4., 5.]], dtype=float32)
    """

    rank = 1

    def call(self, inputs):
        return ops.max(inputs, 1, self.keepdims)


GlobalMaxPool1D = GlobalMaxPooling1D
