"""Sums and means over all samples. The state is a pair of Python floats: it costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._tape import Tensor
from ..losses import CLASS_OF, Loss
from ..losses import get as get_loss
from ..losses.loss import apply_mask
from .metric import Metric


def as_array(x: Any) -> np.ndarray:
    """The NumPy array behind a tensor or anything array-like."""
    return x.data if isinstance(x, Tensor) else np.asarray(x)


def masked_weight(y_pred: Any, sample_weight: Any) -> Any:
    """Sample weights without what the mask of the predictions leaves out."""
    mask = getattr(y_pred, "_keras_mask", None)
    return sample_weight if mask is None else apply_mask(sample_weight, mask, "sum")


def _samplewise(values: Any, sample_weight: Any, reduce: Callable) -> tuple[np.ndarray, Any]:
    """Values (one per sample) and weights, by Keras's rules."""
    mask = getattr(values, "_keras_mask", None)
    values = as_array(values)
    if sample_weight is not None:
        if mask is not None:  # what a loss leaves out by itself
            sample_weight = apply_mask(sample_weight, mask, "sum")
        weights = as_array(sample_weight)
        if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
            weights = weights[..., 0]
        if weights.ndim < values.ndim:
            values = reduce(values, axis=tuple(range(weights.ndim, values.ndim)))
        try:
            weights = np.broadcast_to(weights, values.shape)
        except ValueError:
            raise ValueError(
                f"`sample_weight` of shape {weights.shape} does not fit values of shape "
                f"{values.shape}."
            ) from None
        values = values * weights
        if weights.ndim > 1:
            weights = reduce(weights, axis=tuple(range(1, weights.ndim)))
        sample_weight = weights
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, sample_weight


class Sum(Metric):
    """Sum of values.

    Args:
        name: Defaults to `"sum"`.
        dtype: See `Metric`.

    Source: `keras.metrics.Sum`.

    >>> import minidl
    >>> m = minidl.metrics.Sum()
    >>> m.update_state([1, 3, 5, 7])
    >>> float(m.result())
    16.0
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = 0.0

    def update_state(self, values, sample_weight=None):
        values, _ = _samplewise(values, sample_weight, np.sum)
        self.total += float(values.sum())

    def reset_state(self):
        self.total = 0.0

    def _get_state(self):
        return [np.array(self.total)]

    def _set_state(self, arrays):
        self.total = float(arrays[0])

    def _value(self):
        return self.total

    def result(self):
        return Tensor(np.asarray(self._value(), self.dtype))


class Mean(Metric):
    """Mean of values, weighted where weights are given.

    Args:
        name: Defaults to `"mean"`.
        dtype: See `Metric`.

    Source: `keras.metrics.Mean`.

    >>> import minidl
    >>> m = minidl.metrics.Mean()
    >>> m.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> float(m.result())
    2.0
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = 0.0
        self.count = 0.0

    def update_state(self, values, sample_weight=None):
        values, weights = _samplewise(values, sample_weight, np.mean)
        self.total += float(values.sum())
        if weights is not None:
            self.count += float(weights.sum())
        else:
            self.count += values.shape[0] if values.ndim else 1

    def reset_state(self):
        self.total = 0.0
        self.count = 0.0

    def _get_state(self):
        return [np.array([self.total, self.count])]

    def _set_state(self, arrays):
        self.total, self.count = (float(n) for n in arrays[0])

    def _value(self):
        return self.total / self.count if self.count else 0.0

    def result(self):
        return Tensor(np.asarray(self._value(), self.dtype))


class MeanMetricWrapper(Mean):
    """Mean of a function of `(y_true, y_pred)`.

    Args:
        fn: Gives one value per sample.
        name: Name; None makes one from the class.
        dtype: See `Metric`.
        **kwargs: Passed on to `fn`.

    Source: `keras.metrics.MeanMetricWrapper`.

    >>> import minidl
    >>> m = minidl.metrics.MeanMetricWrapper(minidl.losses.mean_absolute_error)
    >>> float(m([[1.0], [2.0]], [[2.0], [4.0]]))
    1.5
    """

    def __init__(self, fn: Callable, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        if self._direction is None and (isinstance(fn, Loss) or fn in CLASS_OF):
            self._direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None):
        sample_weight = masked_weight(y_pred, sample_weight)
        super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self):
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is MeanMetricWrapper:
            config["fn"] = getattr(self._fn, "__name__", type(self._fn).__name__)
        return config

    @classmethod
    def from_config(cls, config):
        if isinstance(config.get("fn"), str):
            config = {**config, "fn": get_loss(config["fn"])}
        return cls(**config)
