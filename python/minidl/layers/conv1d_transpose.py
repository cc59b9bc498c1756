"""Conv1DTranspose: a convolution run backwards, to make sequences larger."""

from __future__ import annotations

from .. import ops
from ._conv_transpose import ConvTranspose


class Conv1DTranspose(ConvTranspose):
    """1-D transposed convolution: each input writes a window of the output, weighted by the kernel.

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer, steps of the window.
        strides: Integer, steps between the windows. Defaults to 1.
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        output_padding: Integer below `strides`, added to the smallest output; None chooses
            the input's size times `strides`, or as much as the windows cover.
        data_format: None or `"channels_last"`.
        dilation_rate: Integer, distance between taps. Defaults to 1.
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

    Input shape: `(batch, steps, channels)`.
    Output shape: `(batch, new_steps, filters)`.

    Raises:
        ValueError: sizes that are no positive integers, strides and dilation both over 1,
            `output_padding` not below `strides`, or an input of another rank or channel count.

    Source: `keras.layers.Conv1DTranspose`; Dumoulin and Visin 2016.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.Conv1DTranspose(5, 3, strides=2, padding="same")
    >>> layer(np.zeros((2, 8, 3), "float32")).shape
    (2, 16, 5)
    """

    rank = 1

    def _run(self, inputs, kernel, bias, activation):
        window = self.strides, self.padding, self.output_padding, self.dilation_rate
        return ops.conv1d_transpose(inputs, kernel, bias, *window, activation)
