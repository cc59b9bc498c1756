"""Circle loss: embeddings of one class close together, those of others apart."""

from __future__ import annotations

import numpy as np

from .. import ops
from .._tape import Tensor, wrap
from .loss import LossFunctionWrapper, _as_float

_FAR = -1e30  # stands for minus infinity: its gradient is 0, not NaN


def _labels(y):
    y = np.asarray(y.data if isinstance(y, Tensor) else y)
    if y.size != (len(y) if y.ndim else 0):
        raise ValueError(
            "circle wants one class number per sample, shape (batch,) or (batch, 1). "
            f"Received targets of shape {y.shape}"
        )
    return y.reshape(-1).astype(np.int64)


def circle(
    y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4
):
    """Circle loss of each sample against all others.

    Args:
        y_true: Class numbers, shape `(batch,)` or `(batch, 1)`.
        y_pred: Embeddings of length 1, shape `(batch, dim)`.
        ref_labels: Class numbers of what is compared with; None for `y_true`.
        ref_embeddings: Embeddings of what is compared with; None for `y_pred`.
        remove_diagonal: Whether sample i is not compared with reference i. Defaults to True.
        gamma: Scale; large values look at the hardest pairs only. Defaults to 80.
        margin: Relaxation of the distances. Defaults to 0.4.

    Returns:
        Tensor of shape `(batch,)`. Samples without loss, as those that have no partner, do not
        count in the mean that `Circle` takes.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.circle`; Sun et al. 2020.

    >>> import minidl
    >>> loss = minidl.losses.circle([0, 0, 1], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    >>> loss.numpy().round(2)
    array([0. , 6.4, 0. ], dtype=float32)
    """
    y_pred = _as_float(y_pred)
    labels = _labels(y_true)
    others = labels if ref_labels is None else _labels(ref_labels)
    references = y_pred if ref_embeddings is None else _as_float(ref_embeddings)
    if len(y_pred.shape) != 2 or len(labels) != y_pred.shape[0]:
        raise ValueError(
            "circle wants embeddings of shape (batch, dim) and one class number each. Received: "
            f"{len(labels)} class numbers, embeddings of shape {y_pred.shape}"
        )
    same = labels[:, None] == others[None, :]
    alike = same & ~np.eye(*same.shape, dtype=bool) if remove_diagonal else same
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(references)), 0.0)
    near = gamma * ops.maximum(margin + distance, 0.0) * (distance - margin)
    far = gamma * ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    parts = [
        ops.logsumexp(ops.where(mask, values, _FAR), axis=1)
        for mask, values in ((alike, near), (~same, far))
    ]
    loss = ops.softplus(parts[0] + parts[1])
    loss._keras_mask = wrap(loss.data > 0)
    return loss


class Circle(LossFunctionWrapper):
    """Circle loss between the embeddings of a batch; see `circle`.

    Args:
        gamma: Scale; large values look at the hardest pairs only. Defaults to 80.
        margin: Relaxation of the distances. Defaults to 0.4.
        remove_diagonal: Whether a sample is not compared with itself. Defaults to True.
        reduction: See `Loss`.
        name: Defaults to `"circle"`.
        dtype: See `Loss`.

    Source: `keras.losses.Circle`; Sun et al. 2020.

    >>> import minidl
    >>> loss = minidl.losses.Circle()
    >>> round(float(loss([0, 0, 1], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])), 2)
    3.2
    """

    def __init__(
        self,
        gamma=80.0,
        margin=0.4,
        remove_diagonal=True,
        reduction="sum_over_batch_size",
        name="circle",
        dtype=None,
    ):
        super().__init__(
            circle,
            reduction,
            name,
            dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )
        self.gamma = gamma
        self.margin = margin
        self.remove_diagonal = remove_diagonal

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self._fn_kwargs)
