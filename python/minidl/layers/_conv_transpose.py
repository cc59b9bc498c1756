"""Base of Conv1DTranspose and Conv2DTranspose."""

from __future__ import annotations

from ..ops.conv_transpose import transposed
from ._common import integers, positive
from ._convolution import Convolution


class ConvTranspose(Convolution):
    """Transposed convolution; its kernel is (window..., filters, channels)."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
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
                "kernel_initializer": kernel_initializer,
                "bias_initializer": bias_initializer,
                "kernel_regularizer": kernel_regularizer,
                "bias_regularizer": bias_regularizer,
                "kernel_constraint": kernel_constraint,
                "bias_constraint": bias_constraint,
            },
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = positive(filters, "filters")
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = integers(output_padding, self.rank, "output_padding", 0)
            if any(n >= s for n, s in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    "`output_padding` must be less than `strides` along each axis. Received: "
                    f"output_padding={self.output_padding}, strides={self.strides}"
                )
        self._refuse_strides_with_dilation()

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = self._add("kernel", (*self.kernel_size, self.filters, channels))
        if self.use_bias:
            self.bias = self._add("bias", (self.filters,))
        self._fix_channels(channels)

    def compute_output_shape(self, input_shape):
        extra = self.output_padding or (None,) * self.rank
        sizes = [
            None if n is None else transposed(n, (k - 1) * d + 1, s, self.padding, more)[0]
            for n, k, s, d, more in zip(
                input_shape[1:-1],
                self.kernel_size,
                self.strides,
                self.dilation_rate,
                extra,
                strict=True,
            )
        ]
        return (input_shape[0], *sizes, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "output_padding": self.output_padding,
        }
