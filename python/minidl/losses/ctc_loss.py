"""CTC: sequences of labels for longer sequences of predictions, alignment unknown."""

from __future__ import annotations

import numpy as np

from .. import ops
from .._tape import Tensor
from .loss import LossFunctionWrapper, _as_float

_FAR = -1e30  # stands for minus infinity: its gradient is 0, not NaN


def ctc(y_true, y_pred):
    """-log of the probability of a label sequence, summed over all its alignments.

    Args:
        y_true: Class numbers, shape `(batch, labels)`; 0 is the blank and pads short sequences.
        y_pred: Logits, shape `(batch, time, classes)`.

    Returns:
        Tensor of shape `(batch,)`; infinite where the labels do not fit into the time.

    Raises:
        ValueError: other ranks, fractions, or class numbers out of range.

    Source: `keras.losses.ctc`; Graves et al. 2006.

    >>> import minidl
    >>> minidl.losses.ctc([[1]], [[[0.0, 0.0], [0.0, 0.0]]]).numpy().round(4)
    array([0.2877], dtype=float32)
    """
    y_pred = _as_float(y_pred)
    labels = np.asarray(y_true.data if isinstance(y_true, Tensor) else y_true)
    if labels.ndim != 2 or len(y_pred.shape) != 3 or len(labels) != y_pred.shape[0]:
        raise ValueError(
            "ctc wants labels of shape (batch, labels) and logits of shape (batch, time, classes). "
            f"Received: shapes {labels.shape} and {y_pred.shape}"
        )
    batch, time, classes = y_pred.shape
    whole = labels.astype(np.int64)
    if not np.array_equal(whole, labels) or (
        whole.size and not (whole.min() >= 0 and whole.max() < classes)
    ):
        raise ValueError(f"ctc wants whole class numbers in [0, {classes}). Received: {labels}")
    lengths = (whole != 0).sum(axis=1)

    # blanks before, between and after the labels; a label may be reached from the one before it
    # without a blank where the two differ
    states = np.zeros((batch, 2 * whole.shape[1] + 1), np.int64)
    states[:, 1::2] = whole
    place = np.arange(states.shape[1])[None, :]
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])
    pick = ops.transpose(ops.one_hot(states, classes, dtype=y_pred.dtype), (0, 2, 1))
    scores = ops.matmul(ops.log_softmax(y_pred), pick)

    path = ops.where(place < 2, scores[:, 0], _FAR)
    for t in range(1, time):
        one, two = (_shifted(path, n) for n in (1, 2))
        reached = ops.stack([path, one, ops.where(skips, two, _FAR)], axis=-1)
        path = ops.logsumexp(reached, axis=-1) + scores[:, t]
    ends = (place == 2 * lengths[:, None]) | (place == 2 * lengths[:, None] - 1)
    loss = ops.negative(ops.logsumexp(ops.where(ends, path, _FAR), axis=-1))
    return ops.where(loss > -0.5 * _FAR, np.inf, loss)


def _shifted(path, n):
    """The states moved on by n places."""
    if path.shape[1] <= n:
        return ops.full_like(path, _FAR)
    return ops.pad(path[:, :-n], ((0, 0), (n, 0)), constant_values=_FAR)


class CTC(LossFunctionWrapper):
    """Connectionist temporal classification; see `ctc`.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"ctc"`.
        dtype: See `Loss`.

    Source: `keras.losses.CTC`; Graves et al. 2006.

    >>> import minidl
    >>> round(float(minidl.losses.CTC()([[1]], [[[0.0, 0.0], [0.0, 0.0]]])), 4)
    0.2877
    """

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(ctc, reduction, name, dtype)

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred)
