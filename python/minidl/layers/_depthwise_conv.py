"""Base of DepthwiseConv1D and DepthwiseConv2D."""

from __future__ import annotations

from ._common import positive
from ._convolution import Convolution


class DepthwiseConv(Convolution):
    """Convolution of each channel by itself."""

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            {
                "kernel_size": kernel_size,
                "strides": strides,
                "padding": padding,
                "data_format": data_format,
                "dilation_rate": dilation_rate,
                "activation": activation,
                "use_bias": use_bias,
            },
            {
                "depthwise_initializer": depthwise_initializer,
                "bias_initializer": bias_initializer,
                "depthwise_regularizer": depthwise_regularizer,
                "bias_regularizer": bias_regularizer,
                "depthwise_constraint": depthwise_constraint,
                "bias_constraint": bias_constraint,
            },
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier")

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self._output_sizes(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self._add("kernel", shape, "depthwise")
        if self.use_bias:
            self.bias = self._add("bias", (channels * self.depth_multiplier,))
        self._fix_channels(channels)

    def compute_output_shape(self, input_shape):
        channels = input_shape[-1] * self.depth_multiplier
        return (input_shape[0], *self._output_sizes(input_shape), channels)

    def get_config(self):
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier}
