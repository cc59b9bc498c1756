"""Base of SeparableConv1D and SeparableConv2D."""

from __future__ import annotations

from .. import ops
from ._common import positive
from ._convolution import Convolution


class SeparableConv(Convolution):
    """A depthwise convolution followed by a pointwise one."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
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
                "pointwise_initializer": pointwise_initializer,
                "bias_initializer": bias_initializer,
                "depthwise_regularizer": depthwise_regularizer,
                "pointwise_regularizer": pointwise_regularizer,
                "bias_regularizer": bias_regularizer,
                "depthwise_constraint": depthwise_constraint,
                "pointwise_constraint": pointwise_constraint,
                "bias_constraint": bias_constraint,
            },
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = positive(filters, "filters")
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier")
        self.depthwise_kernel = None
        self.pointwise_kernel = None

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self._output_sizes(input_shape)
        self.depthwise_kernel = self._add(
            "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier), "depthwise"
        )
        self.pointwise_kernel = self._add(
            "pointwise_kernel",
            (*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            "pointwise",
        )
        if self.use_bias:
            self.bias = self._add("bias", (self.filters,))
        self._fix_channels(channels)

    def call(self, inputs):
        kernels = self.depthwise_kernel, self.pointwise_kernel
        return self._activate(self._run(inputs, kernels, self.bias, self._fused))

    def _run(self, inputs, kernel, bias, activation):
        return ops.separable_conv(
            inputs,
            *kernel,
            self.strides,
            self.padding,
            dilation_rate=self.dilation_rate,
            bias=bias,
            activation=activation,
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._output_sizes(input_shape), self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "depth_multiplier": self.depth_multiplier,
        }
