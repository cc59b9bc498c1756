"""What all convolution layers share: the window, bias and activation, and options of weights."""

from __future__ import annotations

from typing import Any

from .. import activations, constraints, initializers, regularizers
from ._common import (
    channels_first_hint,
    check_data_format,
    check_padding,
    integers,
    output_sizes,
)
from .input_spec import InputSpec
from .layer import Layer

_KINDS = {
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


class Convolution(Layer):
    """Base of the convolution families.

    Args:
        window: `kernel_size`, `strides`, `padding`, `data_format`, `dilation_rate`, `activation`
            and `use_bias` as the layer was given them.
        options: initializers, regularizers and constraints by the names of their arguments.
        **kwargs: those of `Layer`.
    """

    rank = 2  # axes the window slides along
    paddings: tuple[str, ...] = ("valid", "same")

    def __init__(self, window: dict[str, Any], options: dict[str, Any], **kwargs: Any):
        super().__init__(**kwargs)
        self.kernel_size = integers(window["kernel_size"], self.rank, "kernel_size")
        self.strides = integers(window["strides"], self.rank, "strides")
        self.dilation_rate = integers(window["dilation_rate"], self.rank, "dilation_rate")
        self.padding = check_padding(window["padding"], self.paddings)
        self.data_format = check_data_format(window["data_format"])
        self.activation = activations.get(window["activation"])
        self.use_bias = window["use_bias"]
        self._options = tuple(options)
        for name, value in options.items():
            setattr(self, name, _KINDS[name.rpartition("_")[2]].get(value))
        self.kernel: Any = None
        self.bias: Any = None
        self.input_spec = InputSpec(ndim=self.rank + 2)
        # relu is done while the tile is in registers, the identity not at all
        self._fused = "relu" if self.activation is activations.relu else None
        self._after = (
            None if self.activation in (activations.relu, activations.linear) else self.activation
        )

    def _refuse_strides_with_dilation(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides` and `dilation_rate` cannot both be over 1. Received: "
                f"strides={self.strides}, dilation_rate={self.dilation_rate}"
            )

    def _channels(self, input_shape: tuple) -> int:
        """The input's channels; ValueError where they are not known."""
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(
                f"Layer '{self.name}' needs a known number of channels. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        return channels

    def _fix_channels(self, channels: int) -> None:
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={-1: channels})

    def _add(self, name: str, shape: tuple, prefix: str | None = None) -> Any:
        """Add the weight `name` with the options whose names start with `prefix`."""
        prefix = prefix or name
        return self.add_weight(
            shape=shape,
            initializer=getattr(self, f"{prefix}_initializer"),
            regularizer=getattr(self, f"{prefix}_regularizer"),
            constraint=getattr(self, f"{prefix}_constraint"),
            name=name,
        )

    def call(self, inputs: Any) -> Any:
        return self._activate(self._run(inputs, self.kernel, self.bias, self._fused))

    def _run(self, inputs: Any, kernel: Any, bias: Any, activation: str | None) -> Any:
        """The convolution with these weights, the layer's own or others of the same shape."""
        raise NotImplementedError

    def _activate(self, out: Any) -> Any:
        """The activation, where the op has not done it."""
        return out if self._after is None else self._after(out)

    def _output_sizes(self, input_shape: tuple) -> tuple:
        return output_sizes(self, input_shape, self.kernel_size, self.strides, self.dilation_rate)

    def _shape_hint(self, shape: tuple) -> str:
        axes = self.input_spec.axes if self.input_spec is not None else {}
        return channels_first_hint(shape, axes.get(-1))

    def _window_config(self) -> dict:
        return {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }

    def get_config(self) -> dict:
        options = {
            name: _KINDS[name.rpartition("_")[2]].serialize(getattr(self, name))
            for name in self._options
        }
        options["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return {**super().get_config(), **self._window_config(), **options}
