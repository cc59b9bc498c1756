"""GRU: gated recurrent units over a sequence."""

from __future__ import annotations

from ._rnn_layer import RecurrentLayer, check_use_cudnn, of_cell
from .gru_cell import GRUCell


class GRU(RecurrentLayer):
    """Gated recurrent unit: remembers as an LSTM does, with one state and three gates.

    Each step is that of `GRUCell`; the weights are `kernel` (features, 3 * units),
    `recurrent_kernel` (units, 3 * units) and `bias`, (2, 3 * units) with `reset_after` and
    (3 * units,) without, their columns in the order of the gates z, r, h.

    Args:
        units: Positive integer, size of the output.
        activation: Name or callable. Defaults to `"tanh"`; None for none.
        recurrent_activation: That of the gates. Defaults to `"sigmoid"`; None for none.
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
        reset_after: Whether the reset gate comes after the matrix product, as in cuDNN. Defaults to
            True.
        use_cudnn: "auto" or False, which are the same here.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`, `zero_output_for_mask`,
            and `implementation` as for `GRUCell`.

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

    Source: `keras.layers.GRU`; Cho et al. 2014.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.GRU(4, return_state=True)
    >>> output, h = layer(np.zeros((2, 5, 3), "float32"))
    >>> output.shape, h.shape
    ((2, 4), (2, 4))
    """

    recurrent_activation = of_cell("recurrent_activation")
    reset_after = of_cell("reset_after")

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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        reset_after=True,
        use_cudnn="auto",
        **kwargs,
    ):
        use_cudnn = check_use_cudnn(use_cudnn)
        cell = GRUCell(
            *(units, activation, recurrent_activation, use_bias),
            *(kernel_initializer, recurrent_initializer, bias_initializer),
            *(kernel_regularizer, recurrent_regularizer, bias_regularizer),
            *(kernel_constraint, recurrent_constraint, bias_constraint),
            *(dropout, recurrent_dropout, reset_after, seed),
            name="gru_cell",
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            implementation=kwargs.pop("implementation", 2),
        )
        super().__init__(
            *(cell, return_sequences, return_state, go_backwards, stateful, unroll),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.use_cudnn = use_cudnn
