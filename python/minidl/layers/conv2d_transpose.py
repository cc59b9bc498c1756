"""Conv2DTranspose: a convolution run backwards, to make images larger."""

from __future__ import annotations

from .. import ops
from ._conv_transpose import ConvTranspose


class Conv2DTranspose(ConvTranspose):
    """2-D transposed convolution: each input writes a window of the output, weighted by the kernel.

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer or pair, height and width of the window.
        strides: Integer or pair, pixels between the windows. Defaults to (1, 1).
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        output_padding: Integer or pair below `strides`, added to the smallest output; None chooses
            the input's size times `strides`, or as much as the windows cover.
        data_format: None or `"channels_last"`.
        dilation_rate: Integer or pair, distance between taps. Defaults to (1, 1).
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
            `output_padding` not below `strides`, or an input of another rank or channel count.

    Source: `keras.layers.Conv2DTranspose`; Dumoulin and Visin 2016.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.Conv2DTranspose(5, 3, strides=2, padding="same")
    >>> layer(np.zeros((2, 8, 8, 3), "float32")).shape
    (2, 16, 16, 5)
    """

    rank = 2

    def _run(self, inputs, kernel, bias, activation):
        window = self.strides, self.padding, self.output_padding, self.dilation_rate
        return ops.conv2d_transpose(inputs, kernel, bias, *window, activation)
