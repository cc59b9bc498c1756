"""LSTM, one step after the other, and its gradient by the chain rule."""

import numpy as np

from tests.references.gate_functions import (
    FUNCTIONS,
    SLOPES,
    places,
    product_grad_of,
    product_of,
    sequence_of,
    wide,
)


def lstm(
    x,
    kernel,
    recurrent_kernel,
    bias,
    h,
    c,
    mask,
    dropout_mask,
    activation,
    recurrent_activation,
    go_backwards,
    zero_output_for_mask,
    keep,
):
    act, gate = FUNCTIONS[activation], FUNCTIONS[recurrent_activation]
    x, recurrent_kernel = wide(x), wide(recurrent_kernel)
    kernel = np.eye(x.shape[2]) if kernel is None else wide(kernel)
    mask, drop, zero = sequence_of(x, recurrent_kernel, mask, dropout_mask)
    h, c = zero if h is None else wide(h), zero if c is None else wide(c)
    bias = 0.0 if bias is None else wide(bias)
    (batch, time, _), units = x.shape, zero.shape[1]
    y, cells, squashed, previous = (np.zeros((batch, time, units)) for _ in range(4))
    gates = np.zeros((batch, time, 4 * units))
    output = zero
    for step, t in enumerate(places(time, go_backwards)):
        live = mask[:, t]
        previous[:, t] = h if np.ndim(drop) == 3 else h * drop
        inner = product_of(h, drop, recurrent_kernel, 4)
        i, f, g, o = np.split(x[:, t] @ kernel + bias + inner, 4, 1)
        i, f, g, o = gate(i), gate(f), act(g), gate(o)
        gates[:, t] = np.concatenate([i, f, g, o], 1)
        carry = f * c + i * g
        squashed[:, t] = act(carry)
        output = np.where(live, o * squashed[:, t], zero if zero_output_for_mask else output)
        h, c = np.where(live, o * squashed[:, t], h), np.where(live, carry, c)
        y[:, step], cells[:, t] = output, c
    return (y, h, c, gates, cells, squashed, previous) if keep else (y, h, c)


def lstm_grad(
    dy,
    dh,
    dc,
    x,
    kernel,
    recurrent_kernel,
    c,
    mask,
    dropout_mask,
    gates,
    cells,
    squashed,
    previous,
    activation,
    recurrent_activation,
    go_backwards,
    zero_output_for_mask,
):
    slope, gate_slope = SLOPES[activation], SLOPES[recurrent_activation]
    x, recurrent_kernel, given = wide(x), wide(recurrent_kernel), kernel is not None
    kernel = wide(kernel) if given else np.eye(x.shape[2])
    gates, cells, squashed, previous = map(wide, (gates, cells, squashed, previous))
    mask, drop, zero = sequence_of(x, recurrent_kernel, mask, dropout_mask)
    c = zero if c is None else wide(c)
    dh, dc = zero if dh is None else wide(dh), zero if dc is None else wide(dc)
    dy = np.zeros_like(cells) if dy is None else wide(dy)
    dx, dkernel, drecurrent = np.zeros_like(x), 0.0 * kernel, 0.0 * recurrent_kernel
    dbias = np.zeros(4 * zero.shape[1])
    order = list(places(x.shape[1], go_backwards))
    doutput = zero
    for step in reversed(range(len(order))):
        t, live = order[step], mask[:, order[step]]
        doutput = doutput + (
            np.where(live, dy[:, step], 0.0) if zero_output_for_mask else dy[:, step]
        )
        i, f, g, o = np.split(gates[:, t], 4, 1)
        before = cells[:, order[step - 1]] if step else c
        dh_live = np.where(live, dh + doutput, 0.0)
        dc_live = np.where(live, dc + (dh + doutput) * o * slope(squashed[:, t]), 0.0)
        dgates = np.concatenate(
            [
                dc_live * g * gate_slope(i),
                dc_live * before * gate_slope(f),
                dc_live * i * slope(g),
                dh_live * squashed[:, t] * gate_slope(o),
            ],
            1,
        )
        dx[:, t] = dgates @ kernel.T
        dkernel += x[:, t].T @ dgates
        before = previous[:, t]
        if np.ndim(drop) == 3:
            dbefore, dweights = product_grad_of(dgates, before, drop, recurrent_kernel, 4)
        else:  # the mask is in it already
            dbefore, dweights = dgates @ recurrent_kernel.T * drop, before.T @ dgates
        drecurrent += dweights
        dbias += dgates.sum(0)
        dh = np.where(live, dbefore, dh)
        dc = np.where(live, dc_live * f, dc)
        doutput = np.where(live, 0.0, doutput)
    return dx, (dkernel if given else None), drecurrent, dbias, dh, dc
