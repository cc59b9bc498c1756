"""The softmax family over the last axis, one row at a time."""

import numpy as np


def _rows(function, *arrays):
    """Apply `function` to the rows of arrays of one shape."""
    shape = np.shape(arrays[0])
    flat = [np.asarray(a, np.float64).reshape(-1, shape[-1]) for a in arrays]
    out = np.empty_like(flat[0])
    for i, row in enumerate(zip(*flat, strict=True)):
        out[i] = function(*row)
    return out.reshape(shape)


def softmax(x):
    def row(v):
        e = np.exp(v - v.max())
        return e / e.sum()

    return _rows(row, x)


def softmax_grad(dy, y):
    def row(d, p):
        jacobian = np.diag(p) - np.outer(p, p)
        return jacobian @ d

    return _rows(row, dy, y)


def log_softmax(x):
    def row(v):
        shifted = v - v.max()
        return shifted - np.log(np.exp(shifted).sum())

    return _rows(row, x)


def log_softmax_grad(dy, y):
    return _rows(lambda d, log_p: d - np.exp(log_p) * d.sum(), dy, y)


def _target(logits, labels):
    if np.ndim(labels) == 1:
        return np.eye(logits.shape[-1])[np.asarray(labels)]
    return np.asarray(labels, np.float64)


def softmax_cross_entropy(logits, labels):
    """Loss per row, for class numbers or distributions, and where the sum of exponentials lies."""
    target = _target(logits, labels)
    log_p = log_softmax(logits)
    # A class of weight 0 adds nothing, not even where its log-probability is -inf.
    losses = -np.where(target == 0, 0.0, target * np.where(target == 0, 0.0, log_p)).sum(-1)
    logits = np.asarray(logits, np.float64)
    high = logits.max(-1)
    return losses, np.stack([high, np.log(np.exp(logits - high[:, None]).sum(-1))], -1)


def softmax_cross_entropy_grad(dy, logits, labels, log_sum):
    """The gradient by the logits; what the forward pass left is not needed here."""
    target = _target(logits, labels)
    slope = np.exp(log_softmax(logits)) * target.sum(-1, keepdims=True) - target
    return np.asarray(dy, np.float64)[:, None] * slope
