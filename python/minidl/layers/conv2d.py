"""Conv2D: one small filter bank slid over images."""

from __future__ import annotations

from .. import ops
from ._conv import Conv


class Conv2D(Conv):
    """2-D convolution (cross-correlation) of channels-last images.

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer or pair, height and width of the window.
        strides: Integer or pair. Defaults to (1, 1).
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        data_format: None or `"channels_last"`.
        dilation_rate: Integer or pair, distance between taps. Defaults to (1, 1).
        groups: Channels are split into so many groups, convolved apart. Defaults to 1.
        activation: Name or callable; None for none.
        use_bias: Whether a bias is added. Defaults to True.
        kernel_initializer: Defaults to `"glorot_uniform"`.
        bias_initializer: Defaults to `"zeros"`.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        kernel_constraint: Condition on the kernel.
        bias_constraint: Condition on the bias.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: sizes that are no positive integers, strides and dilation both over 1,
            groups that do not divide filters or channels, a window larger than the image, or
            an input of another rank or channel count.

    Source: `keras.layers.Conv2D`.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.Conv2D(4, 3, activation="relu")
    >>> layer(np.zeros((2, 8, 8, 1), "float32")).shape
    (2, 6, 6, 4)
    """

    def _run(self, inputs, kernel, bias, activation):
        window = self.strides, self.padding, self.dilation_rate, self.groups
        return ops.conv2d(inputs, kernel, bias, *window, activation)
