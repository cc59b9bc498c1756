"""GRU, one step after the other, and its gradient by the chain rule."""

import numpy as np

from tests.references.gate_functions import (
    FUNCTIONS,
    SLOPES,
    masks_of,
    places,
    product_grad_of,
    product_of,
    sequence_of,
    wide,
)


def gru(
    x,
    kernel,
    recurrent_kernel,
    bias,
    recurrent_bias,
    h,
    mask,
    dropout_mask,
    activation,
    recurrent_activation,
    reset_after,
    go_backwards,
    zero_output_for_mask,
    keep,
):
    act, gate = FUNCTIONS[activation], FUNCTIONS[recurrent_activation]
    x, recurrent_kernel = wide(x), wide(recurrent_kernel)
    kernel = np.eye(x.shape[2]) if kernel is None else wide(kernel)
    mask, drop, zero = sequence_of(x, recurrent_kernel, mask, dropout_mask)
    h = zero if h is None else wide(h)
    bias = 0.0 if bias is None else wide(bias)
    recurrent_bias = np.zeros(kernel.shape[1]) if recurrent_bias is None else wide(recurrent_bias)
    (batch, time, _), units = x.shape, zero.shape[1]
    wh = np.split(recurrent_kernel, 3, 1)[2]
    y, cells, previous = (np.zeros((batch, time, units)) for _ in range(3))
    gates = np.zeros((batch, time, 3 * units))
    output = zero
    for step, t in enumerate(places(time, go_backwards)):
        live = mask[:, t]
        previous[:, t] = h
        xz, xr, xh = np.split(x[:, t] @ kernel + bias, 3, 1)
        inner = product_of(h, drop, recurrent_kernel, 3) + recurrent_bias
        hz, hr, hh = np.split(inner, 3, 1)
        z, r = gate(xz + hz), gate(xr + hr)
        if reset_after:
            cells[:, t] = hh
            candidate = act(xh + r * cells[:, t])
        else:
            cells[:, t] = r * h * masks_of(drop, 3)[2]
            candidate = act(xh + cells[:, t] @ wh)
        gates[:, t] = np.concatenate([z, r, candidate], 1)
        new = z * h + (1 - z) * candidate
        output = np.where(live, new, zero if zero_output_for_mask else output)
        h = np.where(live, new, h)
        y[:, step] = output
    return (y, h, gates, cells, previous) if keep else (y, h)


def gru_grad(
    dy,
    dh,
    x,
    kernel,
    recurrent_kernel,
    mask,
    dropout_mask,
    gates,
    cells,
    previous,
    activation,
    recurrent_activation,
    reset_after,
    go_backwards,
    zero_output_for_mask,
):
    slope, gate_slope = SLOPES[activation], SLOPES[recurrent_activation]
    x, recurrent_kernel, given = wide(x), wide(recurrent_kernel), kernel is not None
    kernel = wide(kernel) if given else np.eye(x.shape[2])
    gates, cells, previous = map(wide, (gates, cells, previous))
    mask, drop, zero = sequence_of(x, recurrent_kernel, mask, dropout_mask)
    units = zero.shape[1]
    dh = zero if dh is None else wide(dh)
    dy = np.zeros_like(cells) if dy is None else wide(dy)
    wh, third = np.split(recurrent_kernel, 3, 1)[2], masks_of(drop, 3)[2]
    dx, dkernel, drecurrent = np.zeros_like(x), 0.0 * kernel, 0.0 * recurrent_kernel
    dbias, dinner_bias = np.zeros(3 * units), np.zeros(3 * units)
    order = list(places(x.shape[1], go_backwards))
    doutput = zero
    for step in reversed(range(len(order))):
        t, live = order[step], mask[:, order[step]]
        wanted = live if zero_output_for_mask else True
        doutput = doutput + np.where(wanted, dy[:, step], 0.0)
        z, r, candidate = np.split(gates[:, t], 3, 1)
        h = previous[:, t]
        dnew = np.where(live, dh + doutput, 0.0)
        dz = dnew * (h - candidate) * gate_slope(z)
        dcandidate = dnew * (1 - z) * slope(candidate)
        if reset_after:
            dr = dcandidate * cells[:, t] * gate_slope(r)
            dinner = np.concatenate([dz, dr, dcandidate * r], 1)
            dbefore, dweights = product_grad_of(dinner, h, drop, recurrent_kernel, 3)
            drecurrent += dweights
            dinner_bias += dinner.sum(0)
        else:
            dreset = dcandidate @ wh.T
            dr = dreset * h * third * gate_slope(r)
            both, two = np.concatenate([dz, dr], 1), recurrent_kernel[:, : 2 * units]
            dbefore, dweights = product_grad_of(both, h, masks_of(drop, 3)[0:2], two, 2)
            dbefore = dbefore + dreset * r * third
            drecurrent += np.concatenate([dweights, cells[:, t].T @ dcandidate], 1)
        dgates = np.concatenate([dz, dr, dcandidate], 1)
        dx[:, t] = dgates @ kernel.T
        dkernel += x[:, t].T @ dgates
        dbias += dgates.sum(0)
        dh = np.where(live, dbefore + dnew * z, dh)
        doutput = np.where(live, 0.0, doutput)
    return (
        dx,
        dkernel if given else None,
        drecurrent,
        dbias,
        *((dinner_bias,) if reset_after else ()),
        dh,
    )
