"""Losses between distributions as classes; the cross-entropies stand in `crossentropy`."""

from __future__ import annotations

from .crossentropy import check_smoothing
from .loss import LossFunctionWrapper
from .probabilistic_functions import (
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
)


class KLDivergence(LossFunctionWrapper):
    """`sum(y_true * log(y_true / y_pred))`.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"kl_divergence"`.
        dtype: See `Loss`.

    Source: `keras.losses.KLDivergence`.

    >>> import minidl
    >>> round(float(minidl.losses.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """Mean of `y_pred - y_true * log(y_pred)`, for counts.

    Args:
        reduction: See `Loss`.
        name: Defaults to `"poisson"`.
        dtype: See `Loss`.

    Source: `keras.losses.Poisson`.

    >>> import minidl
    >>> float(minidl.losses.Poisson()([[0.0]], [[1.0]]))
    1.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Binary cross-entropy that fades out easy samples; see `binary_focal_crossentropy`.

    Args:
        apply_class_balancing: Whether class 1 weighs `alpha` and class 0 `1 - alpha`.
        alpha: See above. Defaults to 0.25.
        gamma: How much easy samples are faded out. Defaults to 2.
        from_logits: Whether predictions are logits. Defaults to False.
        label_smoothing: In [0, 1]. Defaults to 0.
        axis: Axis of the mean. Defaults to -1.
        reduction: See `Loss`.
        name: Defaults to `"binary_focal_crossentropy"`.
        dtype: See `Loss`.

    Source: `keras.losses.BinaryFocalCrossentropy`; Lin et al. 2017.

    >>> import minidl
    >>> round(float(minidl.losses.BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=check_smoothing(label_smoothing),
            axis=axis,
        )
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Cross-entropy that fades out easy samples; see `categorical_focal_crossentropy`.

    Args:
        alpha: A number, or one for each class. Defaults to 0.25.
        gamma: How much easy samples are faded out. Defaults to 2.
        from_logits: Whether predictions are logits. Defaults to False.
        label_smoothing: In [0, 1]. Defaults to 0.
        axis: Axis of the classes. Defaults to -1.
        reduction: See `Loss`.
        name: Defaults to `"categorical_focal_crossentropy"`.
        dtype: See `Loss`.

    Source: `keras.losses.CategoricalFocalCrossentropy`; Lin et al. 2017.

    >>> import minidl
    >>> round(float(minidl.losses.CategoricalFocalCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4)
    0.0433
    """

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=check_smoothing(label_smoothing),
            axis=axis,
        )
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """`(1 - p**q) / q`, which bears wrong labels; class numbers as targets.

    Args:
        q: In (0, 1): near 0 like cross-entropy, near 1 like the absolute error. Defaults to 0.5.
        reduction: See `Loss`.
        name: Defaults to `"categorical_generalized_cross_entropy"`.
        dtype: See `Loss`.

    Raises:
        ValueError: q outside (0, 1).

    Source: `keras.losses.CategoricalGeneralizedCrossEntropy`; Zhang and Sabuncu 2018.

    >>> import minidl
    >>> float(minidl.losses.CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    def __init__(
        self,
        q=0.5,
        reduction="sum_over_batch_size",
        name="categorical_generalized_cross_entropy",
        dtype=None,
    ):
        if not 0 < q < 1:
            raise ValueError(f"`q` must lie in (0, 1). Received: q={q}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
        self.q = q

    def call(self, y_true, y_pred):  # class numbers keep their own dtype and rank
        return self.fn(y_true, y_pred, **self._fn_kwargs)
