"""LSTMCell: one step of an LSTM."""

from __future__ import annotations

import numpy as np

from .. import activations, ops
from ._rnn_cell import RNNCell, kernel_names, project, read_implementation


class LSTMCell(RNNCell):
    """Long short-term memory, one step.

    With the gates i, f, o and the candidate g, each a block of columns in the order i, f, g, o::

        i, f, o = recurrent_activation(x @ kernel + h @ recurrent_kernel + bias)
        g = activation(x @ kernel + h @ recurrent_kernel + bias)
        c' = f * c + i * g
        h' = o * activation(c')

    Args:
        units: Positive integer, size of each of the two states.
        activation: Name or callable. Defaults to `"tanh"`; None for none.
        recurrent_activation: That of the gates. Defaults to `"sigmoid"`; None for none.
        use_bias: Whether a bias is added. Defaults to True.
        kernel_initializer: Defaults to `"glorot_uniform"`.
        recurrent_initializer: Defaults to `"orthogonal"`.
        bias_initializer: Defaults to `"zeros"`.
        unit_forget_bias: Whether the bias of the forget gate starts at 1 (Jozefowicz et al. 2015).
            Defaults to True.
        kernel_regularizer: Penalty on the kernel.
        recurrent_regularizer: Penalty on the recurrent kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Condition on the kernel.
        recurrent_constraint: Condition on the recurrent kernel.
        bias_constraint: Condition on the bias.
        dropout: Share of the inputs dropped in training, in [0, 1].
        recurrent_dropout: Share of the state h dropped in training, in [0, 1]. Each gate then has
            masks of its own, for inputs and state, as in Keras.
        seed: Integer for the dropout, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`, and `implementation`: 1 gives each gate its own
            dropout mask, 2 (the default) one for all.

    Call arguments:
        inputs: Tensor of shape `(batch, features)`.
        states: `[h, c]`, each of shape `(batch, units)`.
        training: True drops; False or None does not.

    Returns:
        The output h' and the new states `[h', c']`.

    Raises:
        ValueError: `units` is no positive integer, or a share lies outside [0, 1].

    Source: `keras.layers.LSTMCell`; Hochreiter and Schmidhuber 1997.

    >>> import minidl, numpy as np
    >>> cell = minidl.layers.LSTMCell(4)
    >>> output, (h, c) = cell(np.zeros((2, 3), "float32"), cell.get_initial_state(2))
    >>> output.shape, c.shape
    ((2, 4), (2, 4))
    """

    gates = 4
    states = 2

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        implementation = read_implementation(kwargs.pop("implementation", 2))
        super().__init__(
            *(units, activation, use_bias),
            *(kernel_initializer, recurrent_initializer, bias_initializer),
            *(kernel_regularizer, recurrent_regularizer, bias_regularizer),
            *(kernel_constraint, recurrent_constraint, bias_constraint),
            *(dropout, recurrent_dropout, seed),
            **kwargs,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.implementation = 1 if self.recurrent_dropout else implementation
        if self.implementation == 1:
            self.dropout_mask_count = 4

    def _bias_start(self):
        if not self.unit_forget_bias:
            return self.bias_initializer

        def start(shape, dtype=None):
            make, units = self.bias_initializer, self.units
            parts = (make((units,), dtype), np.ones(units), make((2 * units,), dtype))
            return np.concatenate([np.asarray(part, dtype) for part in parts])

        return start

    def call(self, inputs, states, training=False):
        h, c = states
        new = self._one_step(inputs, states, training)
        if new is not None:
            return new[0], new
        drop, recurrent_drop = self._masks(inputs, h, training)
        x = project(inputs, self.kernel, self.bias, drop, 4)
        r = project(h, self.recurrent_kernel, None, recurrent_drop, 4)
        i, f, g, o = ops.split(x + r, 4, axis=-1)
        i, f, o = (self.recurrent_activation(gate) for gate in (i, f, o))
        c = f * c + i * self.activation(g)
        h = o * self.activation(c)
        return h, [h, c]

    def run_sequence(self, x, states, mask, training, **options):
        names = kernel_names(self, LSTMCell.call, self.activation, self.recurrent_activation)
        if names is None:
            return None
        x, kernel, recurrent_drop = self._dropped(x, states[0], training)
        outputs, h, c = ops.lstm(
            *(x, kernel, self.recurrent_kernel, self.bias, states, mask),
            activation=names[0],
            recurrent_activation=names[1],
            recurrent_dropout_mask=recurrent_drop,
            **options,
        )
        return outputs, [h, c]

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }
