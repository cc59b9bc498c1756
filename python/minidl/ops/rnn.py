"""The simple recurrent net: a whole sequence in one call, and the cell alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from minidl import _core
from minidl._tape import Tensor, record, wrap
from minidl.ops import _recurrent
from minidl.ops._recurrent import ACTIVATIONS, data
from minidl.ops._typing import TensorLike
from minidl.ops.matmul import matmul


def rnn(
    x: TensorLike,
    kernel: TensorLike | None,
    recurrent_kernel: TensorLike,
    bias: TensorLike | None = None,
    initial_state: TensorLike | Sequence[TensorLike | None] | None = None,
    mask: TensorLike | None = None,
    *,
    activation: str | None = "tanh",
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    recurrent_dropout_mask: TensorLike | None = None,
) -> tuple[Tensor, Tensor]:
    """h = activation(x @ kernel + bias + h @ recurrent_kernel) over a whole sequence, in one call.

    Args:
        x: float tensor of shape (batch, time, features).
        kernel: weights of x, (features, units). None where x already is what the product with
            them would give, (batch, time, units).
        recurrent_kernel: weights of the state, (units, units).
        bias: (units,), or None.
        initial_state: the state to begin with, (batch, units), or that in a list; None for zeros.
        mask: booleans of shape (batch, time). Where False, a row keeps its state and repeats its
            last output, which is 0 before its first True.
        activation: a name (see `lstm`) or None for linear.
        go_backwards: begin with the last step. Outputs come in the order they were computed in.
        zero_output_for_mask: outputs are 0 where the mask is False.
        recurrent_dropout_mask: (batch, units); the state is multiplied by it before each product.
            No gradient flows to it.

    Returns:
        (outputs, h): the outputs of all steps, (batch, time, units), and the last state. They can
        be differentiated twice; the second time goes step by step through ops.

    Raises:
        ValueError: if shapes do not fit, or for another activation.
        TypeError: for float32 beside float64.

    Source: `keras.layers.SimpleRNN`; Elman, 1990.

    >>> outputs, h = rnn([[[1.0], [1.0]]], [[1.0]], [[1.0]], activation="linear")
    >>> outputs
    Tensor([[[1.],
             [2.]]], shape=(1, 2, 1), dtype=float32)
    """
    (h0,) = _recurrent.read_states("rnn", 1, initial_state)
    x, kernel, recurrent, bias, h0, dropped = _recurrent.read_sequence(
        "rnn", 1, x, kernel, recurrent_kernel, (bias, h0, recurrent_dropout_mask)
    )
    states = (x.shape[0], recurrent.shape[0])
    _recurrent.check_shape("rnn", "bias", bias, states[1:])
    _recurrent.check_shape("rnn", "initial_state", h0, states)
    _recurrent.check_shape("rnn", "recurrent_dropout_mask", dropped, states)
    mask = _recurrent.read_mask("rnn", mask, x)
    options = (
        _recurrent.read_activation("rnn", "activation", activation),
        bool(go_backwards),
        bool(zero_output_for_mask),
    )
    inputs = (x, kernel, recurrent, bias, h0)
    keep = _recurrent.following(*inputs)
    y, h, *kept = _core.rnn(*map(data, inputs), mask, data(dropped), *options, keep)
    if not keep:
        return wrap(y), wrap(h)

    def gradient(upstream, *inputs):
        if _recurrent.following(*upstream, *inputs):
            run = partial(_unrolled, mask, dropped, options)
            return _recurrent.gradients_in_ops(run, inputs, upstream)
        arrays = map(data, (*upstream, *inputs[:3]))
        return _core.rnn_grad(*arrays, mask, data(dropped), *kept, *options)

    return record((y, h), inputs, gradient, inputs)


def _unrolled(mask, dropped, options, x, kernel, recurrent, bias, h0):
    """The same as ops, step by step."""
    act = ACTIVATIONS[options[0]]
    zero = _recurrent.zeros((x.shape[0], recurrent.shape[0]), x)

    def step(x, states):
        (h,) = states
        h = h if dropped is None else h * dropped
        return (act(_recurrent.outer(x, kernel, bias) + matmul(h, recurrent)),)

    states = (zero if h0 is None else h0,)
    return _recurrent.unrolled(step, x, states, mask, *options[1:])


def rnn_cell(
    x: TensorLike,
    h: TensorLike,
    kernel: TensorLike,
    recurrent_kernel: TensorLike,
    bias: TensorLike | None = None,
    *,
    activation: str | None = "tanh",
    recurrent_dropout_mask: TensorLike | None = None,
) -> Tensor:
    """One step of a simple recurrent net.

    Args:
        x: float tensor of shape (batch, features).
        h: the state, (batch, units).
        kernel: weights of x, (features, units).
        recurrent_kernel: weights of h, (units, units).
        bias: (units,), or None.
        activation: a name (see `lstm`) or None for linear.
        recurrent_dropout_mask: (batch, units), times h before its product.

    Returns:
        The new state, which can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or for another activation.
        TypeError: for float32 beside float64.

    Source: `keras.layers.SimpleRNNCell`.

    >>> rnn_cell([[1.0]], [[2.0]], [[1.0]], [[3.0]], activation="linear")
    Tensor([[7.]], shape=(1, 1), dtype=float32)
    """
    _, h = rnn(
        _recurrent.one_step("rnn_cell", x),
        kernel,
        recurrent_kernel,
        bias,
        [h],
        activation=activation,
        recurrent_dropout_mask=recurrent_dropout_mask,
    )
    return h
