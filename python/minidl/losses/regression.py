"""Regression losses as classes."""

from __future__ import annotations

from .functions import mean_absolute_error, mean_squared_error
from .loss import LossFunctionWrapper


class _PlainLoss(LossFunctionWrapper):
    def get_config(self):
        return {"name": self.name, "reduction": self.reduction}


class MeanSquaredError(_PlainLoss):
    """Mean of the squared differences.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"mean_squared_error"`.
        dtype: See `Loss`.

    Source: `keras.losses.MeanSquaredError`.

    >>> import minidl
    >>> float(minidl.losses.MeanSquaredError()([[0.0], [1.0]], [[2.0], [1.0]]))
    2.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(_PlainLoss):
    """Mean of the absolute differences.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"mean_absolute_error"`.
        dtype: See `Loss`.

    Source: `keras.losses.MeanAbsoluteError`.

    >>> import minidl
    >>> float(minidl.losses.MeanAbsoluteError()([[0.0], [1.0]], [[2.0], [1.0]]))
    1.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)
