"""Base of SimpleRNN, LSTM and GRU: an RNN that makes its own cell."""

from __future__ import annotations

from typing import Any

from .. import regularizers
from .input_spec import InputSpec
from .rnn import RNN

_OF_THE_LAYER = ("name", "trainable", "dtype", "activity_regularizer")


def of_cell(name: str) -> Any:
    """A read-only attribute that the cell keeps."""
    return property(lambda self: getattr(self.cell, name), doc=f"`{name}` of the cell.")


class RecurrentLayer(RNN):
    """An RNN over a cell of minidl; the arguments are the cell's and RNN's together."""

    units = of_cell("units")
    activation = of_cell("activation")
    use_bias = of_cell("use_bias")
    kernel_initializer = of_cell("kernel_initializer")
    recurrent_initializer = of_cell("recurrent_initializer")
    bias_initializer = of_cell("bias_initializer")
    kernel_regularizer = of_cell("kernel_regularizer")
    recurrent_regularizer = of_cell("recurrent_regularizer")
    bias_regularizer = of_cell("bias_regularizer")
    kernel_constraint = of_cell("kernel_constraint")
    recurrent_constraint = of_cell("recurrent_constraint")
    bias_constraint = of_cell("bias_constraint")
    dropout = of_cell("dropout")
    recurrent_dropout = of_cell("recurrent_dropout")
    seed = of_cell("seed")

    def __init__(self, cell: Any, *args: Any, **kwargs: Any):
        super().__init__(cell, *args, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        self.input_spec = InputSpec(ndim=3, axes={-1: sequences_shape[-1]})

    def get_config(self):
        config = super().get_config()
        del config["cell"]
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        cell = self.cell.get_config()
        return {**config, **{k: v for k, v in cell.items() if k not in _OF_THE_LAYER}}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def check_use_cudnn(value: Any) -> Any:
    """Keras's `use_cudnn`; there is none here, so True is an error."""
    if value is True:
        raise ValueError(
            "minidl has no cuDNN. Received: use_cudnn=True. Leave use_cudnn='auto', which takes "
            "the fastest way there is."
        )
    if value not in ("auto", False):
        raise ValueError(
            f"`use_cudnn` must be 'auto', True or False. Received: use_cudnn={value!r}"
        )
    return value
