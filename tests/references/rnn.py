"""The simple recurrent net, one step after the other, and its gradient by the chain rule."""

import numpy as np

from tests.references.gate_functions import FUNCTIONS, SLOPES, places, sequence_of, wide


def rnn(
    x,
    kernel,
    recurrent_kernel,
    bias,
    h,
    mask,
    dropout_mask,
    activation,
    go_backwards,
    zero_output_for_mask,
    keep,
):
    act = FUNCTIONS[activation]
    x, kernel, recurrent_kernel = wide(x), wide(kernel), wide(recurrent_kernel)
    mask, drop, zero = sequence_of(x, recurrent_kernel, mask, dropout_mask)
    h = zero if h is None else wide(h)
    bias = 0.0 if bias is None else wide(bias)
    (batch, time, _), units = x.shape, zero.shape[1]
    y, results, previous = (np.zeros((batch, time, units)) for _ in range(3))
    output = zero
    for step, t in enumerate(places(time, go_backwards)):
        live = mask[:, t]
        previous[:, t] = h * drop
        results[:, t] = act(x[:, t] @ kernel + bias + previous[:, t] @ recurrent_kernel)
        output = np.where(live, results[:, t], zero if zero_output_for_mask else output)
        h = np.where(live, results[:, t], h)
        y[:, step] = output
    return (y, h, results, previous) if keep else (y, h)


def rnn_grad(
    dy,
    dh,
    x,
    kernel,
    recurrent_kernel,
    mask,
    dropout_mask,
    gates,
    previous,
    activation,
    go_backwards,
    zero_output_for_mask,
):
    slope = SLOPES[activation]
    x, kernel, recurrent_kernel = wide(x), wide(kernel), wide(recurrent_kernel)
    gates, previous = wide(gates), wide(previous)
    mask, drop, zero = sequence_of(x, recurrent_kernel, mask, dropout_mask)
    dh = zero if dh is None else wide(dh)
    dy = np.zeros_like(gates) if dy is None else wide(dy)
    dx, dkernel, drecurrent = np.zeros_like(x), 0.0 * kernel, 0.0 * recurrent_kernel
    dbias = np.zeros(zero.shape[1])
    order = list(places(x.shape[1], go_backwards))
    doutput = zero
    for step in reversed(range(len(order))):
        t, live = order[step], mask[:, order[step]]
        wanted = live if zero_output_for_mask else True
        doutput = doutput + np.where(wanted, dy[:, step], 0.0)
        inner = np.where(live, dh + doutput, 0.0) * slope(gates[:, t])
        dx[:, t] = inner @ kernel.T
        dkernel += x[:, t].T @ inner
        drecurrent += previous[:, t].T @ inner
        dbias += inner.sum(0)
        dh = np.where(live, inner @ recurrent_kernel.T * drop, dh)
        doutput = np.where(live, 0.0, doutput)
    return dx, dkernel, drecurrent, dbias, dh
