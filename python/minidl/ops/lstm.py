"""LSTM: a whole sequence in one call, and the cell alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from minidl import _core
from minidl._tape import Tensor, record, wrap
from minidl.ops import _recurrent
from minidl.ops._recurrent import ACTIVATIONS, data
from minidl.ops._typing import TensorLike
from minidl.ops.joining import split


def lstm(
    x: TensorLike,
    kernel: TensorLike | None,
    recurrent_kernel: TensorLike,
    bias: TensorLike | None = None,
    initial_state: Sequence[TensorLike | None] | None = None,
    mask: TensorLike | None = None,
    *,
    activation: str | None = "tanh",
    recurrent_activation: str | None = "sigmoid",
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    recurrent_dropout_mask: TensorLike | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """A long short-term memory over a whole sequence, in one call forward and one back.

    Args:
        x: float tensor of shape (batch, time, features).
        kernel: weights of x, (features, 4 * units); gates in the order i, f, c, o. None where x
            already is what the product with them would give, (batch, time, 4 * units).
        recurrent_kernel: weights of the state h, (units, 4 * units).
        bias: (4 * units,), or None.
        initial_state: the states h and c to begin with, each (batch, units) or None for zeros.
        mask: booleans of shape (batch, time). Where False, a row keeps its states and repeats its
            last output, which is 0 before its first True.
        activation: of the candidate c and of the cell; a name (tanh, sigmoid, relu, relu6,
            leaky_relu, hard_sigmoid, hard_tanh, elu, selu, softplus, softsign, exponential,
            linear) or None for linear.
        recurrent_activation: the same for the gates i, f and o.
        go_backwards: begin with the last step. Outputs come in the order they were computed in.
        zero_output_for_mask: outputs are 0 where the mask is False.
        recurrent_dropout_mask: (batch, units); h is multiplied by it before each product. Or
            (4, batch, units), a mask for each gate. No gradient flows to it.

    Returns:
        (outputs, h, c): the outputs of all steps, (batch, time, units), and the last states. They
        can be differentiated twice; the second time goes step by step through ops.

    Raises:
        ValueError: if shapes do not fit, or for another activation.
        TypeError: for float32 beside float64.

    Source: `keras.layers.LSTM`; Hochreiter and Schmidhuber, 1997; Gers et al., 2000.

    >>> outputs, h, c = lstm(np.ones((1, 3, 1)), np.ones((1, 4)), np.ones((1, 4)))
    >>> outputs.shape, h.shape, c.shape
    ((1, 3, 1), (1, 1), (1, 1))
    """
    h0, c0 = _recurrent.read_states("lstm", 2, initial_state)
    others = (bias, h0, c0, recurrent_dropout_mask)
    x, kernel, recurrent, bias, h0, c0, dropped = _recurrent.read_sequence(
        "lstm", 4, x, kernel, recurrent_kernel, others
    )
    units = recurrent.shape[0]
    states = (x.shape[0], units)
    _recurrent.check_shape("lstm", "bias", bias, (4 * units,))
    _recurrent.check_shape("lstm", "initial_state h", h0, states)
    _recurrent.check_shape("lstm", "initial_state c", c0, states)
    _recurrent.check_dropout("lstm", 4, dropped, states)
    mask = _recurrent.read_mask("lstm", mask, x)
    options = (
        _recurrent.read_activation("lstm", "activation", activation),
        _recurrent.read_activation("lstm", "recurrent_activation", recurrent_activation),
        bool(go_backwards),
        bool(zero_output_for_mask),
    )
    inputs = (x, kernel, recurrent, bias, h0, c0)
    keep = _recurrent.following(*inputs)
    y, h, c, *kept = _core.lstm(*map(data, inputs), mask, data(dropped), *options, keep)
    if not keep:
        return wrap(y), wrap(h), wrap(c)

    def gradient(upstream, *inputs):
        if _recurrent.following(*upstream, *inputs):
            run = partial(_unrolled, mask, dropped, options)
            return _recurrent.gradients_in_ops(run, inputs, upstream)
        x, kernel, recurrent, _, _, c0 = map(data, inputs)
        return _core.lstm_grad(
            *map(data, upstream),
            x,
            kernel,
            recurrent,
            c0,
            mask,
            data(dropped),
            *kept,
            *options,
        )

    return record((y, h, c), inputs, gradient, inputs)


def _unrolled(mask, dropped, options, x, kernel, recurrent, bias, h0, c0):
    """The same as ops, step by step."""
    act, gate = ACTIVATIONS[options[0]], ACTIVATIONS[options[1]]
    zero = _recurrent.zeros((x.shape[0], recurrent.shape[0]), x)

    def step(x, states):
        h, c = states
        inner = _recurrent.project(h, recurrent, dropped, 4)
        i, f, g, o = split(_recurrent.outer(x, kernel, bias) + inner, 4, 1)
        c = gate(f) * c + gate(i) * act(g)
        return gate(o) * act(c), c

    states = (zero if h0 is None else h0, zero if c0 is None else c0)
    return _recurrent.unrolled(step, x, states, mask, *options[2:])


def lstm_cell(
    x: TensorLike,
    h: TensorLike,
    c: TensorLike,
    kernel: TensorLike,
    recurrent_kernel: TensorLike,
    bias: TensorLike | None = None,
    *,
    activation: str | None = "tanh",
    recurrent_activation: str | None = "sigmoid",
    recurrent_dropout_mask: TensorLike | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of a long short-term memory.

    Args:
        x: float tensor of shape (batch, features).
        h: the state h, (batch, units).
        c: the state c, (batch, units).
        kernel: weights of x, (features, 4 * units); gates in the order i, f, c, o.
        recurrent_kernel: weights of h, (units, 4 * units).
        bias: (4 * units,), or None.
        activation: of the candidate c and of the cell; see `lstm`.
        recurrent_activation: of the gates i, f and o.
        recurrent_dropout_mask: (batch, units), times h before its product.

    Returns:
        (h, c): the new states, which can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or for another activation.
        TypeError: for float32 beside float64.

    Source: `keras.layers.LSTMCell`.

    >>> h, c = lstm_cell(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)),
    ...                  np.ones((1, 4)), np.ones((1, 4)))
    >>> h.shape, c.shape
    ((1, 1), (1, 1))
    """
    _, h, c = lstm(
        _recurrent.one_step("lstm_cell", x),
        kernel,
        recurrent_kernel,
        bias,
        [h, c],
        activation=activation,
        recurrent_activation=recurrent_activation,
        recurrent_dropout_mask=recurrent_dropout_mask,
    )
    return h, c
