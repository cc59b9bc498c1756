"""Base of SimpleRNNCell, LSTMCell and GRUCell: arguments, weights and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import activations, constraints, initializers, ops, regularizers
from .._tape import Tensor, wrap
from ..ops._recurrent import ACTIVATIONS, of_gates
from ..random import SeedGenerator
from ._common import positive
from ._dropout_masks import DropoutMasks, read_rate
from .layer import Layer

# The kernels lay the recurrent weights out anew at each call: for one step of more units that
# takes longer than the ops around a product.
_MOST_UNITS = 128


class RNNCell(DropoutMasks, Layer):
    """One step of a recurrent layer, with `gates` blocks of columns in each weight.

    Weights: `kernel` (features, gates * units), `recurrent_kernel` (units, gates * units) and
    `bias`, in this order.
    """

    gates = 1
    states = 1

    def __init__(
        self,
        units: Any,
        activation: Any,
        use_bias: Any,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: Any,
        recurrent_dropout: Any,
        seed: Any,
        **kwargs: Any,
    ):
        units = positive(units, "units")
        dropout = read_rate(dropout, "dropout")
        recurrent_dropout = read_rate(recurrent_dropout, "recurrent_dropout")
        super().__init__(**kwargs)
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.state_size: Any = units if self.states == 1 else [units] * self.states
        self.output_size = units
        self.kernel: Any = None
        self.recurrent_kernel: Any = None
        self.bias: Any = None

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _bias_start(self) -> Any:
        """The initializer of the bias."""
        return self.bias_initializer

    def build(self, input_shape):
        if len(input_shape) != 2:
            raise ValueError(
                f"Cell '{self.name}' ({type(self).__name__}) takes one step, (batch, features). "
                f"Received: shape {tuple(input_shape)}"
            )
        columns = self.gates * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], columns),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, columns),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self._bias_shape(),
                initializer=self._bias_start(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Zeros: one tensor of shape `(batch_size, units)` per state."""
        shape = (batch_size, self.units)
        return [wrap(np.zeros(shape, self._np_dtype)) for _ in range(self.states)]

    def _masks(self, inputs: Any, state: Any, training: Any) -> tuple[Any, Any]:
        """The dropout masks for the inputs and for the state, None where nothing is dropped."""
        if not training:
            return None, None
        return self.get_dropout_mask(inputs), self.get_recurrent_dropout_mask(state)

    def run_sequence(
        self, x: Any, states: Any, mask: Any, training: Any, **options: Any
    ) -> tuple[Any, Any] | None:
        """A whole sequence in one kernel call: outputs and last states.

        None where the kernel does not offer what the cell is: activations of one's own, a `call`
        that a subclass has changed.
        """
        return None

    def _one_step(self, x: Any, states: Any, training: Any) -> Any:
        """The states after one step, in one kernel call.

        None where `run_sequence` does not offer it, the states are to be broadcast, or ops are
        faster.
        """
        shape = (x.shape[0], self.units)
        if (
            self.units > _MOST_UNITS
            or x.ndim != 2
            or any(tuple(np.shape(state)) != shape for state in states)
        ):
            return None
        found = self.run_sequence(ops.expand_dims(x, 1), list(states), None, training)
        return None if found is None else found[1]

    def _dropped(self, x: Any, state: Any, training: Any) -> tuple[Any, Any, Any]:
        """The inputs after dropout, the kernel they still need, and the mask for the state.

        Where gates have masks of their own the inputs are projected here, gate by gate, and the
        kernel is None.
        """
        if not training or not (self.dropout or self.recurrent_dropout):
            return x, self.kernel, None
        step = wrap(np.empty((x.shape[0], x.shape[2]), x.dtype))
        drop, recurrent_drop = self._masks(step, state, training)
        if drop is None:
            return x, self.kernel, recurrent_drop
        if drop.ndim == 2:
            return x * ops.expand_dims(drop, 1), self.kernel, recurrent_drop
        drop = ops.expand_dims(drop, 2)
        return project(x, self.kernel, None, drop, self.gates), None, recurrent_drop

    def compute_output_shape(self, input_shape, states_shape=None):
        state = (input_shape[0], self.units)
        return state, [state] * self.states

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def project(x: Any, kernel: Any, bias: Any, mask: Any, gates: int) -> Any:
    """`x @ kernel + bias` under one dropout mask, or under one for the columns of each gate."""
    if mask is None or mask.ndim == x.ndim:
        return ops.dense(x if mask is None else x * mask, kernel, bias)
    out = of_gates(x, kernel, mask, gates)
    return out if bias is None else out + bias


def kernel_names(cell: RNNCell, call: Any, *functions: Any) -> list[str] | None:
    """The kernels' names of activations; None where one is unknown or `call` is not the cell's."""
    if type(cell).call is not call or cell.activity_regularizer is not None:
        return None
    names = [activations.serialize(function) for function in functions]
    for name, function in zip(names, functions, strict=True):
        if not isinstance(name, str) or name not in ACTIVATIONS:
            return None
        if activations.get(name) is not function:
            return None
    return names


def read_implementation(value: Any) -> int:
    """Keras's `implementation`: 1 gives each gate dropout masks of its own, 2 one for all."""
    if isinstance(value, bool) or value not in (0, 1, 2):
        raise ValueError(f"`implementation` must be 0, 1 or 2. Received: implementation={value!r}")
    return int(value)
