"""Conv2D: one small filter bank slid over images."""

from __future__ import annotations

from .. import activations, constraints, initializers, ops, regularizers
from ._common import (
    channels_first_hint,
    check_data_format,
    check_padding,
    output_sizes,
    pair,
    positive,
)
from .input_spec import InputSpec
from .layer import Layer


class Conv2D(Layer):
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

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
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
        filters = positive(filters, "filters")
        kernel_size = pair(kernel_size, "kernel_size")
        strides = pair(strides, "strides")
        dilation_rate = pair(dilation_rate, "dilation_rate")
        groups = positive(groups, "groups")
        if filters % groups:
            raise ValueError(
                f"`groups` must divide `filters`. Received: groups={groups}, filters={filters}"
            )
        if max(strides) > 1 and max(dilation_rate) > 1:
            raise ValueError(
                "`strides` and `dilation_rate` cannot both be over 1. "
                f"Received: strides={strides}, dilation_rate={dilation_rate}"
            )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = check_padding(padding)
        self.data_format = check_data_format(data_format)
        self.dilation_rate = dilation_rate
        self.groups = groups
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.kernel = None
        self.bias = None
        self.input_spec = InputSpec(ndim=4)
        # relu is done while the tile is in registers, the identity not at all
        self._fused = "relu" if self.activation is activations.relu else None
        self._after = (
            None if self.activation in (activations.relu, activations.linear) else self.activation
        )

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(
                f"Layer '{self.name}' needs a known number of channels. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        if channels % self.groups:
            raise ValueError(
                f"Layer '{self.name}': `groups` must divide the input's channels. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)}"
            )
        output_sizes(self, input_shape, self.kernel_size, self.strides, self.dilation_rate)
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(ndim=4, axes={-1: channels})

    def call(self, inputs):
        out = ops.conv2d(
            inputs,
            self.kernel,
            self.bias,
            self.strides,
            self.padding,
            self.dilation_rate,
            self.groups,
            self._fused,
        )
        return out if self._after is None else self._after(out)

    def compute_output_shape(self, input_shape):
        sizes = output_sizes(self, input_shape, self.kernel_size, self.strides, self.dilation_rate)
        return (input_shape[0], *sizes, self.filters)

    def _shape_hint(self, shape):
        channels = None if self.kernel is None else self.kernel.shape[2] * self.groups
        return channels_first_hint(shape, channels)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
