"""GRU: a whole sequence in one call, and the cell alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from minidl import _core
from minidl._tape import Tensor, record, wrap
from minidl.ops import _recurrent
from minidl.ops._recurrent import ACTIVATIONS, data
from minidl.ops._typing import TensorLike
from minidl.ops.joining import split, stack
from minidl.ops.matmul import matmul


def gru(
    x: TensorLike,
    kernel: TensorLike | None,
    recurrent_kernel: TensorLike,
    bias: TensorLike | None = None,
    initial_state: TensorLike | Sequence[TensorLike | None] | None = None,
    mask: TensorLike | None = None,
    *,
    activation: str | None = "tanh",
    recurrent_activation: str | None = "sigmoid",
    reset_after: bool = True,
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    recurrent_dropout_mask: TensorLike | None = None,
) -> tuple[Tensor, Tensor]:
    """Gated recurrent units over a whole sequence, in one call forward and one back.

    Args:
        x: float tensor of shape (batch, time, features).
        kernel: weights of x, (features, 3 * units); gates in the order z, r, h. None where x
            already is what the product with them would give, (batch, time, 3 * units).
        recurrent_kernel: weights of the state, (units, 3 * units).
        bias: (2, 3 * units), of x and of the state, with reset_after; (3 * units,) without; or
            None.
        initial_state: the state to begin with, (batch, units), or that in a list; None for zeros.
        mask: booleans of shape (batch, time). Where False, a row keeps its state and repeats its
            last output, which is 0 before its first True.
        activation: of the candidate; a name (see `lstm`) or None for linear.
        recurrent_activation: the same for the gates z and r.
        reset_after: whether the reset gate multiplies the product of the state, as in cuDNN, or
            the state before the product, as in the paper.
        go_backwards: begin with the last step. Outputs come in the order they were computed in.
        zero_output_for_mask: outputs are 0 where the mask is False.
        recurrent_dropout_mask: (batch, units); the state is multiplied by it before its products.
            Or (3, batch, units), a mask for each gate.
            No gradient flows to it.

    Returns:
        (outputs, h): the outputs of all steps, (batch, time, units), and the last state. They can
        be differentiated twice; the second time goes step by step through ops.

    Raises:
        ValueError: if shapes do not fit, or for another activation.
        TypeError: for float32 beside float64.

    Source: `keras.layers.GRU`; Cho et al., 2014.

    >>> outputs, h = gru(np.ones((1, 3, 1)), np.ones((1, 3)), np.ones((1, 3)))
    >>> outputs.shape, h.shape
    ((1, 3, 1), (1, 1))
    """
    (h0,) = _recurrent.read_states("gru", 1, initial_state)
    x, kernel, recurrent, bias, h0, dropped = _recurrent.read_sequence(
        "gru", 3, x, kernel, recurrent_kernel, (bias, h0, recurrent_dropout_mask)
    )
    units, reset_after = recurrent.shape[0], bool(reset_after)
    states = (x.shape[0], units)
    _recurrent.check_shape("gru", "bias", bias, (2, 3 * units) if reset_after else (3 * units,))
    _recurrent.check_shape("gru", "initial_state", h0, states)
    _recurrent.check_dropout("gru", 3, dropped, states)
    mask = _recurrent.read_mask("gru", mask, x)
    options = (
        _recurrent.read_activation("gru", "activation", activation),
        _recurrent.read_activation("gru", "recurrent_activation", recurrent_activation),
        reset_after,
        bool(go_backwards),
        bool(zero_output_for_mask),
    )
    inputs = (x, kernel, recurrent, bias, h0)
    keep = _recurrent.following(*inputs)
    biases = (data(bias), None)
    if reset_after and bias is not None:
        biases = bias.data[0], bias.data[1]
    y, h, *kept = _core.gru(
        *map(data, (x, kernel, recurrent)),
        *biases,
        data(h0),
        mask,
        data(dropped),
        *options,
        keep,
    )
    if not keep:
        return wrap(y), wrap(h)

    def gradient(upstream, *inputs):
        if _recurrent.following(*upstream, *inputs):
            run = partial(_unrolled, mask, dropped, options)
            return _recurrent.gradients_in_ops(run, inputs, upstream)
        arrays = map(data, (*upstream, *inputs[:3]))
        grads = _core.gru_grad(*arrays, mask, data(dropped), *kept, *options)
        if not reset_after:
            return grads
        dx, dkernel, drecurrent, dbias, dinner, dh = map(wrap, grads)
        return dx, dkernel, drecurrent, stack([dbias, dinner]), dh

    return record((y, h), inputs, gradient, inputs)


def _unrolled(mask, dropped, options, x, kernel, recurrent, bias, h0):
    """The same as ops, step by step."""
    act, gate, reset_after = ACTIVATIONS[options[0]], ACTIVATIONS[options[1]], options[2]
    zero = _recurrent.zeros((x.shape[0], recurrent.shape[0]), x)
    units = recurrent.shape[0]
    outer, inner = bias, None
    if reset_after and bias is not None:
        outer, inner = bias[0], bias[1]

    def step(x, states):
        (h,) = states
        xz, xr, xh = split(_recurrent.outer(x, kernel, outer), 3, 1)
        if reset_after:
            h3 = _recurrent.project(h, recurrent, dropped, 3)
            hz, hr, hh = split(h3 if inner is None else h3 + inner, 3, 1)
            z, r = gate(xz + hz), gate(xr + hr)
            candidate = act(xh + r * hh)
        else:
            each = dropped is not None and dropped.ndim == 3
            first = dropped[:2] if each else dropped
            taken = h if dropped is None else h * (dropped[2] if each else dropped)
            hz, hr = split(_recurrent.project(h, recurrent[:, : 2 * units], first, 2), 2, 1)
            z, r = gate(xz + hz), gate(xr + hr)
            candidate = act(xh + matmul(r * taken, recurrent[:, 2 * units :]))
        return (z * h + (1.0 - z) * candidate,)

    states = (zero if h0 is None else h0,)
    return _recurrent.unrolled(step, x, states, mask, *options[3:])


def gru_cell(
    x: TensorLike,
    h: TensorLike,
    kernel: TensorLike,
    recurrent_kernel: TensorLike,
    bias: TensorLike | None = None,
    *,
    activation: str | None = "tanh",
    recurrent_activation: str | None = "sigmoid",
    reset_after: bool = True,
    recurrent_dropout_mask: TensorLike | None = None,
) -> Tensor:
    """One step of gated recurrent units.

    Args:
        x: float tensor of shape (batch, features).
        h: the state, (batch, units).
        kernel: weights of x, (features, 3 * units); gates in the order z, r, h.
        recurrent_kernel: weights of h, (units, 3 * units).
        bias: (2, 3 * units) with reset_after, (3 * units,) without, or None.
        activation: of the candidate; see `lstm`.
        recurrent_activation: of the gates z and r.
        reset_after: see `gru`.
        recurrent_dropout_mask: (batch, units), times h before its products.

    Returns:
        The new state, which can be differentiated twice.

    Raises:
        ValueError: if shapes do not fit, or for another activation.
        TypeError: for float32 beside float64.

    Source: `keras.layers.GRUCell`.

    >>> gru_cell(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 3)), np.ones((1, 3))).shape
    (1, 1)
    """
    _, h = gru(
        _recurrent.one_step("gru_cell", x),
        kernel,
        recurrent_kernel,
        bias,
        [h],
        activation=activation,
        recurrent_activation=recurrent_activation,
        reset_after=reset_after,
        recurrent_dropout_mask=recurrent_dropout_mask,
    )
    return h
