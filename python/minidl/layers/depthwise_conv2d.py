"""DepthwiseConv2D: each channel is convolved with filters of its own."""

from __future__ import annotations

from .. import ops
from ._depthwise_conv import DepthwiseConv


class DepthwiseConv2D(DepthwiseConv):
    """2-D convolution of each channel of channels-last images by itself.

    Args:
        kernel_size: Integer or pair, height and width of the window.
        strides: Integer or pair. Defaults to (1, 1).
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        depth_multiplier: Positive integer, outputs per input channel. Defaults to 1.
        data_format: None or `"channels_last"`.
        dilation_rate: Integer or pair, distance between taps. Defaults to (1, 1).
        activation: Name or callable; None for none.
        use_bias: Whether a bias is added. Defaults to True.
        depthwise_initializer: Defaults to `"glorot_uniform"`.
        bias_initializer: Defaults to `"zeros"`.
        depthwise_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        depthwise_constraint: Condition on the kernel.
        bias_constraint: Condition on the bias.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, new_height, new_width, channels * depth_multiplier)`, the outputs of one
        channel side by side.

    Raises:
        ValueError: sizes that are no positive integers, a window larger than the image, or an
            input of another rank or channel count.

    Source: `keras.layers.DepthwiseConv2D`.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.DepthwiseConv2D(3, depth_multiplier=2)
    >>> layer(np.zeros((2, 8, 8, 3), "float32")).shape
    (2, 6, 6, 6)
    """

    rank = 2

    def _run(self, inputs, kernel, bias, activation):
        window = self.strides, self.padding, self.dilation_rate
        return ops.depthwise_conv2d(inputs, kernel, bias, *window, activation)
