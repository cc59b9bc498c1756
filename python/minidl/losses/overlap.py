"""Losses of overlapping regions, for segmentation."""

from __future__ import annotations

from .. import ops
from ..config import epsilon
from .functions import fitting
from .loss import LossFunctionWrapper


def dice(y_true, y_pred, axis=None):
    """1 minus twice the overlap over the sum of both regions.

    Args:
        y_true: Targets in [0, 1], shape `(batch, ...)`.
        y_pred: Predictions of the same shape.
        axis: Axes that are summed over; None for all, which gives one number.

    Returns:
        Tensor of the shape without `axis`.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.dice`.

    >>> import minidl
    >>> float(minidl.losses.dice([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]))  # doctest: +ELLIPSIS
    0.333...
    """
    y_true, y_pred = fitting("dice", y_true, y_pred)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + epsilon()
    return 1.0 - 2.0 * overlap / total


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """Dice with weights for what is missed and what is too much.

    Args:
        y_true: Targets in [0, 1], shape `(batch, ...)`.
        y_pred: Predictions of the same shape.
        alpha: Weight of targets that are missed, as Keras computes it. Defaults to 0.5.
        beta: Weight of predictions without a target. Defaults to 0.5.
        axis: Axes that are summed over; None for all, which gives one number.

    Returns:
        Tensor of the shape without `axis`.

    Raises:
        ValueError: the shapes do not fit.

    Source: `keras.losses.tversky`; Salehi et al. 2017.

    >>> import minidl
    >>> float(minidl.losses.tversky([[1.0, 1.0]], [[1.0, 0.0]], alpha=1.0))  # doctest: +ELLIPSIS
    0.5...
    """
    y_true, y_pred = fitting("tversky", y_true, y_pred)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    surplus = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - overlap / (overlap + missed * alpha + surplus * beta + epsilon())


class Dice(LossFunctionWrapper):
    """1 minus the Dice coefficient; see `dice`.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"dice"`.
        axis: Axes that are summed over; None for all.
        dtype: See `Loss`.

    Source: `keras.losses.Dice`.

    >>> import minidl
    >>> float(minidl.losses.Dice()([[1.0, 1.0]], [[1.0, 1.0]])) < 1e-6
    True
    """

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)
        self.axis = axis


class Tversky(LossFunctionWrapper):
    """1 minus the Tversky index; see `tversky`.

    Args:
        alpha: Weight of targets that are missed. Defaults to 0.5.
        beta: Weight of predictions without a target. Defaults to 0.5.
        reduction: See `Loss`.
        name: Defaults to `"tversky"`.
        axis: Axes that are summed over; None for all.
        dtype: See `Loss`.

    Source: `keras.losses.Tversky`; Salehi et al. 2017.

    >>> import minidl
    >>> float(minidl.losses.Tversky()([[1.0, 1.0]], [[1.0, 1.0]])) < 1e-6
    True
    """

    def __init__(
        self,
        alpha=0.5,
        beta=0.5,
        reduction="sum_over_batch_size",
        name="tversky",
        axis=None,
        dtype=None,
    ):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
        self.alpha = alpha
        self.beta = beta
        self.axis = axis
