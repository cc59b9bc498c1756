"""Base of Conv1D and Conv2D."""

from __future__ import annotations

from ._common import positive
from ._convolution import Convolution


class Conv(Convolution):
    """Convolution with one filter bank over all channels of a group."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
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
        self.groups = positive(groups, "groups")
        if self.filters % self.groups:
            raise ValueError(
                f"`groups` must divide `filters`. Received: groups={groups}, filters={filters}"
            )
        self._refuse_strides_with_dilation()

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"Layer '{self.name}': `groups` must divide the input's channels. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)}"
            )
        self._output_sizes(input_shape)
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self._add("kernel", shape)
        if self.use_bias:
            self.bias = self._add("bias", (self.filters,))
        self._fix_channels(channels)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._output_sizes(input_shape), self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "groups": self.groups}
