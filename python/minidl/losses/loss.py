"""Loss: from targets and predictions to one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from .._naming import auto_name
from .._tape import Tensor, as_tensor
from ..config import floatx, get_policy

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)


class Loss:
    """Base class of losses; subclasses implement `call(y_true, y_pred)`, one value per sample.

    Args:
        name: Name; None makes one from the class.
        reduction: `"sum_over_batch_size"` (the mean over all values), `"mean"` (the same),
            `"sum"`, `"mean_with_sample_weight"` (divides by the sum of the weights), or
            `"none"`.
        dtype: Accepted for compatibility; a loss keeps the dtype of the predictions.

    Raises:
        ValueError: an unknown reduction.

    Source: `keras.losses.Loss`.

    >>> import minidl
    >>> class Gap(minidl.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return minidl.ops.absolute(y_true - y_pred)
    >>> float(Gap()([1.0, 2.0], [2.0, 4.0]))
    1.5
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype=None
    ):
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"`reduction` must be one of {REDUCTIONS}. Received: reduction={reduction!r}"
            )
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self.dtype = get_policy(dtype or floatx()).compute_dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: One weight per sample (or per value), or None.

        Returns:
            A scalar Tensor, or one value per sample when `reduction` is None or `"none"`.
        """
        mask = getattr(y_pred, "_keras_mask", None)
        y_pred = _as_float(y_pred)
        values = self.call(y_true, y_pred)
        own = getattr(values, "_keras_mask", None)  # what the loss itself leaves out
        if own is not None:
            mask = own if mask is None else np.logical_and(mask, own)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, self.reduction)
        return reduce_weighted(values, sample_weight, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must implement `call`.")

    def get_config(self) -> dict:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class LossFunctionWrapper(Loss):
    """A loss made of a function of `(y_true, y_pred)`.

    Args:
        fn: The function; gives one value per sample.
        reduction: See `Loss`.
        name: Name; None takes the function's.
        dtype: See `Loss`.
        **kwargs: Passed on to `fn`.

    Source: `keras.losses.LossFunctionWrapper`.

    >>> import minidl
    >>> loss = minidl.losses.LossFunctionWrapper(minidl.losses.huber, delta=2.0)
    >>> float(loss([[0.0]], [[3.0]]))
    4.0
    """

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        y_true, y_pred = same_rank(targets_like(y_true, y_pred), y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is LossFunctionWrapper:
            config["fn"] = getattr(self.fn, "__name__", type(self.fn).__name__)
        return config

    @classmethod
    def from_config(cls, config):
        if isinstance(config.get("fn"), str):
            from . import get

            config = {**config, "fn": get(config["fn"])}
        return cls(**config)


def _as_float(x: Any) -> Tensor:
    if type(x) is Tensor and x.data.dtype.kind == "f":
        return x
    x = as_tensor(x)
    return x if x.data.dtype.kind == "f" else ops.cast(x, floatx())


def targets_like(y_true: Any, y_pred: Tensor) -> Tensor:
    """Targets as a tensor of the predictions' dtype; they are data, so casting loses nothing."""
    if isinstance(y_true, Tensor):
        return y_true if y_true.data.dtype == y_pred.data.dtype else ops.cast(y_true, y_pred.dtype)
    array = np.asarray(y_true)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"Targets must be numbers. Received targets of dtype {array.dtype}.")
    return Tensor(array.astype(y_pred.data.dtype, copy=False))


def same_rank(x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """Keras's rule: a trailing axis of size 1 is added or dropped where the ranks differ by 1."""
    n1, n2 = len(x1.shape), len(x2.shape)
    if n1 == n2:
        return x1, x2
    if n1 == n2 + 1 and x1.shape[-1] == 1:
        if n2 == 1:
            return x1, ops.expand_dims(x2, -1)
        return ops.squeeze(x1, -1), x2
    if n2 == n1 + 1 and x2.shape[-1] == 1:
        if n1 == 1:
            return ops.expand_dims(x1, -1), x2
        return x1, ops.squeeze(x2, -1)
    return x1, x2


def apply_mask(sample_weight: Any, mask: Any, reduction: str | None) -> Any:
    """Sample weights that leave out what the mask of the predictions leaves out.

    Where the loss is a mean over all values, those that are kept weigh more instead, so that it
    becomes the mean over them.
    """
    keep = np.asarray(mask).astype(bool)
    weights = keep.astype(floatx())
    if reduction in ("mean", "sum_over_batch_size"):
        weights *= keep.size / max(int(keep.sum()), 1)
    if sample_weight is None:
        return weights
    given = as_tensor(sample_weight)
    first, second = same_rank(as_tensor(weights), ops.cast(given, floatx()))
    return first * second


def reduce_weighted(values: Tensor, sample_weight: Any, reduction: str | None) -> Tensor:
    """Weight the values of the samples and reduce them to the loss."""
    divisor = None
    if sample_weight is not None:
        weights = targets_like(sample_weight, values)
        values, weights = same_rank(values, weights)
        extra = len(values.shape) - len(weights.shape)
        if extra > 0:  # one weight per sample counts for all values of that sample
            weights = ops.reshape(weights, (*weights.shape, *(1,) * extra))
        try:
            np.broadcast_shapes(weights.shape, values.shape)
        except ValueError:
            raise ValueError(
                f"`sample_weight` of shape {weights.shape} does not fit losses of shape "
                f"{values.shape}."
            ) from None
        values = values * weights
        if reduction == "mean_with_sample_weight":
            divisor = float(np.sum(weights.data))
    if reduction is None or reduction == "none" or values.shape in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if divisor is None:
        return ops.mean(values)
    return ops.sum(values) * (1.0 / divisor if divisor else 0.0)
