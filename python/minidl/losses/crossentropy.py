"""Cross-entropies as classes."""

from __future__ import annotations

from .functions import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from .loss import LossFunctionWrapper


def check_smoothing(value: float) -> float:
    """`value` where it lies in [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"`label_smoothing` must lie in [0, 1]. Received: label_smoothing={value}")
    return value


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy with class numbers as targets.

    Args:
        from_logits: Whether predictions are logits. Defaults to False.
        ignore_class: Class whose samples do not count; None for none.
        reduction: See `Loss`.
        axis: Axis of the classes. Defaults to -1.
        name: Defaults to `"sparse_categorical_crossentropy"`.
        dtype: See `Loss`.

    Raises:
        ValueError: one-hot, fractional or out-of-range targets.

    Source: `keras.losses.SparseCategoricalCrossentropy`.

    >>> import minidl
    >>> loss = minidl.losses.SparseCategoricalCrossentropy()
    >>> round(float(loss([1, 0], [[0.25, 0.75], [0.5, 0.5]])), 4)
    0.4904
    """

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        kwargs = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **kwargs)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def call(self, y_true, y_pred):  # class numbers keep their own dtype and rank
        return self.fn(y_true, y_pred, **self._fn_kwargs)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy with one-hot targets.

    Args:
        from_logits: Whether predictions are logits. Defaults to False.
        label_smoothing: In [0, 1]. Defaults to 0.
        axis: Axis of the classes. Defaults to -1.
        reduction: See `Loss`.
        name: Defaults to `"categorical_crossentropy"`.
        dtype: See `Loss`.

    Raises:
        ValueError: targets of another shape than the predictions.

    Source: `keras.losses.CategoricalCrossentropy`.

    >>> import minidl
    >>> loss = minidl.losses.CategoricalCrossentropy()
    >>> round(float(loss([[0, 1]], [[0.25, 0.75]])), 4)
    0.2877
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        self.from_logits = from_logits
        self.label_smoothing = check_smoothing(label_smoothing)
        self.axis = axis
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self._fn_kwargs)


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of two classes, or of independent labels.

    Args:
        from_logits: Whether predictions are logits. Defaults to False.
        label_smoothing: In [0, 1]. Defaults to 0.
        axis: Axis of the mean. Defaults to -1.
        reduction: See `Loss`.
        name: Defaults to `"binary_crossentropy"`.
        dtype: See `Loss`.

    Raises:
        ValueError: targets that do not fit the predictions.

    Source: `keras.losses.BinaryCrossentropy`.

    >>> import minidl
    >>> round(float(minidl.losses.BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        self.from_logits = from_logits
        self.label_smoothing = check_smoothing(label_smoothing)
        self.axis = axis
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
