"""Hinge losses as classes."""

from __future__ import annotations

from .hinge_functions import categorical_hinge, hinge, squared_hinge
from .loss import LossFunctionWrapper


class Hinge(LossFunctionWrapper):
    """Mean of `max(1 - y_true * y_pred, 0)`; targets -1 and 1, or 0 and 1.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"hinge"`.
        dtype: See `Loss`.

    Source: `keras.losses.Hinge`.

    >>> import minidl
    >>> float(minidl.losses.Hinge()([[1, -1]], [[0.5, -2.0]]))
    0.25
    """

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """Mean of `max(1 - y_true * y_pred, 0)**2`; targets -1 and 1, or 0 and 1.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"squared_hinge"`.
        dtype: See `Loss`.

    Source: `keras.losses.SquaredHinge`.

    >>> import minidl
    >>> float(minidl.losses.SquaredHinge()([[1, -1]], [[0.5, -2.0]]))
    0.125
    """

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """How far the best wrong class comes within 1 of the right one; one-hot targets.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"categorical_hinge"`.
        dtype: See `Loss`.

    Source: `keras.losses.CategoricalHinge`.

    >>> import minidl
    >>> float(minidl.losses.CategoricalHinge()([[0, 1]], [[0.5, 0.75]]))
    0.75
    """

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)
