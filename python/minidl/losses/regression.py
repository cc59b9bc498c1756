"""Regression losses as classes."""

from __future__ import annotations

from .functions import mean_absolute_error, mean_squared_error
from .loss import LossFunctionWrapper
from .regression_functions import (
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
)


class MeanSquaredError(LossFunctionWrapper):
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


class MeanAbsoluteError(LossFunctionWrapper):
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


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """100 times the mean of |difference| / |target|.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"mean_absolute_percentage_error"`.
        dtype: See `Loss`.

    Source: `keras.losses.MeanAbsolutePercentageError`.

    >>> import minidl
    >>> float(minidl.losses.MeanAbsolutePercentageError()([[2.0]], [[1.0]]))
    50.0
    """

    def __init__(
        self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None
    ):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of the squared differences of log(1 + value).

    Args:
        reduction: See `Loss`.
        name: Defaults to `"mean_squared_logarithmic_error"`.
        dtype: See `Loss`.

    Source: `keras.losses.MeanSquaredLogarithmicError`.

    >>> import minidl
    >>> round(float(minidl.losses.MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    def __init__(
        self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None
    ):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between targets and predictions.

    Args:
        axis: Axis of the vectors. Defaults to -1.
        reduction: See `Loss`.
        name: Defaults to `"cosine_similarity"`.
        dtype: See `Loss`.

    Source: `keras.losses.CosineSimilarity`; its config forgets `axis`, ours keeps it.

    >>> import minidl
    >>> float(minidl.losses.CosineSimilarity()([[0.0, 2.0]], [[0.0, 3.0]]))
    -1.0
    """

    def __init__(
        self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None
    ):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
        self.axis = axis


class Huber(LossFunctionWrapper):
    """Squares up to `delta`, straight lines beyond.

    Args:
        delta: Where the square ends. Defaults to 1.
        reduction: See `Loss`.
        name: Defaults to `"huber_loss"`.
        dtype: See `Loss`.

    Source: `keras.losses.Huber`, whose config forgets `delta`, ours keeps it; Huber 1964.

    >>> import minidl
    >>> float(minidl.losses.Huber()([[0.0]], [[3.0]]))
    2.5
    """

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)
        self.delta = delta


class LogCosh(LossFunctionWrapper):
    """Mean of log(cosh(difference)).

    Args:
        reduction: See `Loss`.
        name: Defaults to `"log_cosh"`.
        dtype: See `Loss`.

    Source: `keras.losses.LogCosh`.

    >>> import minidl
    >>> round(float(minidl.losses.LogCosh()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)
