"""UpSampling2D: images a whole number of times as large."""

from __future__ import annotations

from .. import ops
from ._common import check_data_format, integers
from .input_spec import InputSpec
from .layer import Layer


class UpSampling2D(Layer):
    """Enlarges images, by repeating pixels or with smooth transitions.

    Args:
        size: Integer or pair, factors of height and width. Defaults to (2, 2).
        data_format: None or `"channels_last"`.
        interpolation: `"nearest"` repeats pixels, `"bilinear"` mixes neighbours by distance.
            Defaults to `"nearest"`.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height * size[0], width * size[1], channels)`.

    Raises:
        ValueError: factors that are no positive integers, another interpolation, or an input
            without four axes.

    Source: `keras.layers.UpSampling2D`.

    >>> import minidl
    >>> layer = minidl.layers.UpSampling2D((1, 2), interpolation="bilinear")
    >>> layer([[[[0.0], [4.0]]]]).numpy().ravel()
    array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(**kwargs)
        self.size = integers(size, 2, "size")
        self.data_format = check_data_format(data_format)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                "minidl enlarges with interpolation='nearest' or 'bilinear'. "
                f"Received: interpolation={interpolation!r}"
            )
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        size = tuple(n * f for n, f in zip(inputs.shape[1:3], self.size, strict=True))
        return ops.resize2d(inputs, size, self.interpolation)

    def compute_output_shape(self, input_shape):
        middle = (
            None if n is None else n * factor
            for n, factor in zip(input_shape[1:-1], self.size, strict=True)
        )
        return (input_shape[0], *middle, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }
