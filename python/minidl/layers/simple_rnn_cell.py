"""SimpleRNNCell: one step of a SimpleRNN."""

from __future__ import annotations

from .. import ops
from ._rnn_cell import RNNCell, kernel_names


class SimpleRNNCell(RNNCell):
    """`h' = activation(x @ kernel + h @ recurrent_kernel + bias)`, one step.

    Args:
        units: Positive integer, size of the state.
        activation: Name or callable. Defaults to `"tanh"`; None for none.
        use_bias: Whether a bias is added. Defaults to True.
        kernel_initializer: Defaults to `"glorot_uniform"`.
        recurrent_initializer: Defaults to `"orthogonal"`.
        bias_initializer: Defaults to `"zeros"`.
        kernel_regularizer: Penalty on the kernel.
        recurrent_regularizer: Penalty on the recurrent kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Condition on the kernel.
        recurrent_constraint: Condition on the recurrent kernel.
        bias_constraint: Condition on the bias.
        dropout: Share of the inputs dropped in training, in [0, 1].
        recurrent_dropout: Share of the state dropped in training, in [0, 1].
        seed: Integer for the dropout, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Tensor of shape `(batch, features)`.
        states: The state, a tensor of shape `(batch, units)` or a list of it.
        training: True drops; False or None does not.

    Returns:
        The output `(batch, units)` and the new state, a list if it was one.

    Raises:
        ValueError: `units` is no positive integer, or a share lies outside [0, 1].

    Source: `keras.layers.SimpleRNNCell`.

    >>> import minidl, numpy as np
    >>> cell = minidl.layers.SimpleRNNCell(2, kernel_initializer="ones", activation=None)
    >>> output, states = cell(np.ones((1, 3), "float32"), cell.get_initial_state(1))
    >>> output.numpy()
    array([[3., 3.]], dtype=float32)
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
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
        super().__init__(
            *(units, activation, use_bias),
            *(kernel_initializer, recurrent_initializer, bias_initializer),
            *(kernel_regularizer, recurrent_regularizer, bias_regularizer),
            *(kernel_constraint, recurrent_constraint, bias_constraint),
            *(dropout, recurrent_dropout, seed),
            **kwargs,
        )

    def call(self, inputs, states, training=False):
        nested = isinstance(states, (list, tuple))
        h = states[0] if nested else states
        drop, recurrent_drop = self._masks(inputs, h, training)
        if drop is not None:
            inputs = inputs * drop
        if recurrent_drop is not None:
            h = h * recurrent_drop
        x = ops.dense(inputs, self.kernel, self.bias)
        h = self.activation(x + ops.matmul(h, self.recurrent_kernel))
        return h, [h] if nested else h

    def run_sequence(self, x, states, mask, training, **options):
        names = kernel_names(self, SimpleRNNCell.call, self.activation)
        if names is None:
            return None
        x, kernel, recurrent_drop = self._dropped(x, states[0], training)
        outputs, h = ops.rnn(
            *(x, kernel, self.recurrent_kernel, self.bias, states, mask),
            activation=names[0],
            recurrent_dropout_mask=recurrent_drop,
            **options,
        )
        return outputs, [h]
