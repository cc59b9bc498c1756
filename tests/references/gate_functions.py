"""The activations of recurrent kernels and their slopes, from the definitions."""

import numpy as np

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def _elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


FUNCTIONS = {  # of the input
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x < 0, 0.2 * x, x),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "elu": _elu,
    "selu": lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))),
    "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exponential": np.exp,
}
SLOPES = {  # of the output
    "linear": np.ones_like,
    "tanh": lambda y: 1 - y * y,
    "sigmoid": lambda y: y * (1 - y),
    "relu": lambda y: np.where(y > 0, 1.0, 0.0),
    "relu6": lambda y: np.where((y > 0) & (y < 6), 1.0, 0.0),
    "leaky_relu": lambda y: np.where(y > 0, 1.0, 0.2),
    "hard_sigmoid": lambda y: np.where((y > 0) & (y < 1), 1 / 6, 0.0),
    "hard_tanh": lambda y: np.where((y > -1) & (y < 1), 1.0, 0.0),
    "elu": lambda y: np.where(y > 0, 1.0, y + 1),
    "selu": lambda y: np.where(y > 0, SCALE, y + SCALE * ALPHA),
    "softplus": lambda y: 1 - np.exp(-y),
    "softsign": lambda y: (1 - np.abs(y)) ** 2,
    "exponential": lambda y: y,
}


def wide(x):
    """float64, and None stays."""
    return None if x is None else np.asarray(x, np.float64)


def places(time, go_backwards):
    """Which place of x each step reads."""
    return range(time - 1, -1, -1) if go_backwards else range(time)


def masks_of(drop, gates):
    """The dropout mask of each gate: one for all, or the first axis counts them."""
    own = isinstance(drop, list) or np.ndim(drop) == 3
    return list(drop) if own else [drop] * gates


def product_of(h, drop, recurrent_kernel, gates):
    """h under the mask of each gate, times the gate's weights."""
    parts = np.split(recurrent_kernel, gates, 1)
    return np.concatenate(
        [(h * m) @ w for m, w in zip(masks_of(drop, gates), parts, strict=True)], 1
    )


def product_grad_of(d, h, drop, recurrent_kernel, gates):
    """The gradients of h and of the weights in `product_of`."""
    parts = np.split(recurrent_kernel, gates, 1), np.split(d, gates, 1), masks_of(drop, gates)
    both = [(dg @ w.T * m, (h * m).T @ dg) for w, dg, m in zip(*parts, strict=True)]
    return sum(dh for dh, _ in both), np.concatenate([dw for _, dw in both], 1)


def sequence_of(x, recurrent_kernel, mask, dropout_mask):
    """x, mask and dropout mask as full arrays, and zeros in the shape of a state."""
    zero = np.zeros((x.shape[0], np.shape(recurrent_kernel)[0]))
    mask = np.ones(x.shape[:2], bool) if mask is None else np.asarray(mask)
    return mask[..., None], 1.0 if dropout_mask is None else wide(dropout_mask), zero
