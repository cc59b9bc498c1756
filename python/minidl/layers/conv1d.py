"""Conv1D: one small filter bank slid over sequences."""

from __future__ import annotations

from .. import ops
from ._conv import Conv


class Conv1D(Conv):
    """1-D convolution (cross-correlation) of sequences.

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer, steps in the window.
        strides: Integer. Defaults to 1.
        padding: `"valid"`, `"same"` or `"causal"`: an output sees no later step. Defaults to
            `"valid"`.
        data_format: None or `"channels_last"`.
        dilation_rate: Integer, distance between taps. Defaults to 1.
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

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new_steps, filters)`.

    Raises:
        ValueError: sizes that are no positive integers, strides and dilation both over 1,
            groups that do not divide filters or channels, a window longer than the sequence, or
            an input of another rank or channel count.

    Source: `keras.layers.Conv1D`.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.Conv1D(4, 3, padding="causal", dilation_rate=2)
    >>> layer(np.zeros((2, 8, 1), "float32")).shape
    (2, 8, 4)
    """

    rank = 1
    paddings = ("valid", "same", "causal")

    def _run(self, inputs, kernel, bias, activation):
        window = self.strides, self.padding, self.dilation_rate, self.groups
        return ops.conv1d(inputs, kernel, bias, *window, activation)
