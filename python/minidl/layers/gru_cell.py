"""GRUCell: one step of a GRU."""

from __future__ import annotations

from .. import activations, ops
from ._rnn_cell import RNNCell, kernel_names, project, read_implementation


class GRUCell(RNNCell):
    """Gated recurrent unit, one step.

    With the gates z (update), r (reset) and the candidate g, each a block of columns in this
    order, and with `reset_after`::

        z, r = recurrent_activation(x @ kernel + bias[0] + h @ recurrent_kernel + bias[1])
        g = activation(x @ kernel + bias[0] + r * (h @ recurrent_kernel + bias[1]))
        h' = z * h + (1 - z) * g

    Without it the reset gate comes before the product, `(r * h) @ recurrent_kernel`, and there is
    one bias.

    Args:
        units: Positive integer, size of the state.
        activation: Name or callable. Defaults to `"tanh"`; None for none.
        recurrent_activation: That of the gates. Defaults to `"sigmoid"`; None for none.
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
        recurrent_dropout: Share of the state dropped in training, in [0, 1]. Each gate then has
            masks of its own, for inputs and state, as in Keras.
        reset_after: Whether the reset gate comes after the matrix product. Defaults to True; the
            bias then has shape `(2, 3 * units)`, else `(3 * units,)`.
        seed: Integer for the dropout, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`, and `implementation`: 1 gives each gate its own
            dropout mask, 2 (the default) one for all.

    Call arguments:
        inputs: Tensor of shape `(batch, features)`.
        states: The state, a tensor of shape `(batch, units)` or a list of it.
        training: True drops; False or None does not.

    Returns:
        The output h' and the new state, a list if it was one.

    Raises:
        ValueError: `units` is no positive integer, or a share lies outside [0, 1].

    Source: `keras.layers.GRUCell`; Cho et al. 2014.

    >>> import minidl, numpy as np
    >>> cell = minidl.layers.GRUCell(4)
    >>> output, states = cell(np.zeros((2, 3), "float32"), cell.get_initial_state(2))
    >>> output.shape, len(states)
    ((2, 4), 1)
    """

    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
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
        reset_after=True,
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
        self.reset_after = reset_after
        self.implementation = 1 if self.recurrent_dropout else implementation
        if self.implementation == 1:
            self.dropout_mask_count = 3

    def _bias_shape(self):
        shape = super()._bias_shape()
        return (2, *shape) if self.reset_after else shape

    def call(self, inputs, states, training=False):
        nested = isinstance(states, (list, tuple))
        h = states[0] if nested else states
        new = self._one_step(inputs, [h], training)
        if new is not None:
            return new[0], new if nested else new[0]
        drop, recurrent_drop = self._masks(inputs, h, training)
        bias, recurrent_bias = self.bias, None
        if bias is not None and self.reset_after:
            bias, recurrent_bias = bias[0], bias[1]
        xz, xr, xg = ops.split(project(inputs, self.kernel, bias, drop, 3), 3, axis=-1)
        if self.reset_after:
            inner = project(h, self.recurrent_kernel, recurrent_bias, recurrent_drop, 3)
            hz, hr, hg = ops.split(inner, 3, axis=-1)
        else:
            gates, candidate = ops.split(self.recurrent_kernel, [2 * self.units], axis=1)
            some = None if recurrent_drop is None else recurrent_drop[:2]
            hz, hr = ops.split(project(h, gates, None, some, 2), 2, axis=-1)
        z = self.recurrent_activation(xz + hz)
        r = self.recurrent_activation(xr + hr)
        if self.reset_after:
            hg = r * hg
        else:
            dropped = h if recurrent_drop is None else h * recurrent_drop[2]
            hg = ops.matmul(r * dropped, candidate)
        h = z * h + (1.0 - z) * self.activation(xg + hg)
        return h, [h] if nested else h

    def run_sequence(self, x, states, mask, training, **options):
        names = kernel_names(self, GRUCell.call, self.activation, self.recurrent_activation)
        if names is None:
            return None
        x, kernel, recurrent_drop = self._dropped(x, states[0], training)
        outputs, h = ops.gru(
            *(x, kernel, self.recurrent_kernel, self.bias, states, mask),
            activation=names[0],
            recurrent_activation=names[1],
            reset_after=bool(self.reset_after),
            recurrent_dropout_mask=recurrent_drop,
            **options,
        )
        return outputs, [h]

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }
