"""AtrousConv2D: a convolution with holes between its taps."""

from __future__ import annotations

from .conv2d import Conv2D


class AtrousConv2D(Conv2D):
    """2-D convolution whose taps lie `rate` pixels apart: a wide view at the cost of a narrow one.

    A kernel of size k sees (k - 1) * rate + 1 pixels; weights and arithmetic are those of rate 1.
    The same as `Conv2D(..., dilation_rate=rate)`.

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer or pair, height and width of the window, without the holes.
        rate: Integer or pair, distance between taps. Defaults to (1, 1).
        **kwargs: The other arguments of `Conv2D` but `dilation_rate`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: `dilation_rate` is given, strides and rate are both over 1, or as `Conv2D`.

    Source: Keras 1's `AtrousConvolution2D`; Chen et al. 2015 (DeepLab).

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.AtrousConv2D(4, 3, rate=2, padding="same")
    >>> layer(np.zeros((2, 8, 8, 1), "float32")).shape
    (2, 8, 8, 4)
    """

    def __init__(self, filters, kernel_size, rate=1, **kwargs):
        if "dilation_rate" in kwargs:
            raise ValueError(
                "AtrousConv2D takes its dilation as `rate`. "
                f"Received: dilation_rate={kwargs['dilation_rate']!r}"
            )
        super().__init__(filters, kernel_size, dilation_rate=rate, **kwargs)

    @property
    def rate(self) -> tuple[int, ...]:
        """Distance between taps, vertical and horizontal."""
        return self.dilation_rate

    def get_config(self):
        config = super().get_config()
        config["rate"] = config.pop("dilation_rate")
        return config
