"""SeparableConv1D: a depthwise convolution, then a mix of its channels."""

from __future__ import annotations

from ._separable_conv import SeparableConv


class SeparableConv1D(SeparableConv):
    """1-D convolution in two steps: each channel by itself, then a mix of the channels.

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer, steps of the window.
        strides: Integer. Defaults to 1.
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        data_format: None or `"channels_last"`.
        dilation_rate: Integer, distance between taps. Defaults to 1.
        depth_multiplier: Positive integer, results of the first step per channel. Defaults to 1.
        activation: Name or callable; None for none.
        use_bias: Whether a bias is added. Defaults to True.
        depthwise_initializer: Defaults to `"glorot_uniform"`.
        pointwise_initializer: Defaults to `"glorot_uniform"`.
        bias_initializer: Defaults to `"zeros"`.
        depthwise_regularizer: Penalty on the kernel of the first step.
        pointwise_regularizer: Penalty on the kernel of the second step.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        depthwise_constraint: Condition on the kernel of the first step.
        pointwise_constraint: Condition on the kernel of the second step.
        bias_constraint: Condition on the bias.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, steps, channels)`.
    Output shape: `(batch, new_steps, filters)`.

    Raises:
        ValueError: sizes that are no positive integers, a window larger than the sequence, or an
            input of another rank or channel count.

    Source: `keras.layers.SeparableConv1D`; Chollet 2016 (Xception).

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.SeparableConv1D(5, 3)
    >>> layer(np.zeros((2, 8, 3), "float32")).shape
    (2, 6, 5)
    """

    rank = 1
