"""SimpleRNN: the output is fed back as an input."""

from __future__ import annotations

from ._rnn_layer import RecurrentLayer
from .simple_rnn_cell import SimpleRNNCell


class SimpleRNN(RecurrentLayer):
    """A recurrent layer in which each output is fed back at the next step.

    Each step is that of `SimpleRNNCell`; the weights are `kernel` (features, units),
    `recurrent_kernel` (units, units) and `bias` (units,).

    Args:
        units: Positive integer, size of the output.
        activation: Name or callable. Defaults to `"tanh"`; None for none.
        use_bias: Whether a bias is added. Defaults to True.
        kernel_initializer: Defaults to `"glorot_uniform"`.
        recurrent_initializer: Defaults to `"orthogonal"`.
        bias_initializer: Defaults to `"zeros"`.
        kernel_regularizer: Penalty on the kernel.
        recurrent_regularizer: Penalty on the recurrent kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        kernel_constraint: Condition on the kernel.
        recurrent_constraint: Condition on the recurrent kernel.
        bias_constraint: Condition on the bias.
        dropout: Share of the inputs dropped in training, in [0, 1]; the same ones at all steps.
        recurrent_dropout: Share of the state dropped in training, likewise.
        seed: Integer for the dropout, or None for the global seed.
        return_sequences: Whether the outputs of all steps are returned, or that of the last.
        return_state: Whether the last state is returned as well.
        go_backwards: Whether the sequence is read from its end; the outputs then come in the order
            they were computed in, the last step first.
        stateful: Whether each batch starts from the last states of the batch before; see `RNN`.
        unroll: Accepted for compatibility: the results are the same.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`, `zero_output_for_mask`.

    Call arguments:
        sequences: Tensor of shape `(batch, steps, features)`.
        initial_state: The state `(batch, units)` or a list of it; None for zeros.
        mask: Bools of shape `(batch, steps)`; False steps are left out.
        training: True drops; False or None does not.

    Returns:
        The outputs `(batch, steps, units)`, or the last one `(batch, units)`; with `return_state` a
        tuple of that and the state.

    Raises:
        ValueError: `units` is no positive integer, or a share lies outside [0, 1]; an input, state
            or mask of another shape; another batch size where `stateful`.

    Source: `keras.layers.SimpleRNN`.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.SimpleRNN(4, return_sequences=True)
    >>> layer(np.zeros((2, 5, 3), "float32")).shape
    (2, 5, 4)
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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        seed=None,
        **kwargs,
    ):
        cell = SimpleRNNCell(
            *(units, activation, use_bias),
            *(kernel_initializer, recurrent_initializer, bias_initializer),
            *(kernel_regularizer, recurrent_regularizer, bias_regularizer),
            *(kernel_constraint, recurrent_constraint, bias_constraint),
            *(dropout, recurrent_dropout, seed),
            name="simple_rnn_cell",
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
        )
        super().__init__(
            *(cell, return_sequences, return_state, go_backwards, stateful, unroll),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
