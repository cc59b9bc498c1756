"""What `compile` was given, made concrete when the first targets and outputs are seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import losses as losses_module
from .. import metrics as metrics_module
from ..losses.functions import class_numbers


def _kinds(y_true: Any, y_pred: Any) -> tuple[bool, bool]:
    """Keras's rule: (binary, class numbers) by the shapes of targets and outputs."""
    t, p = tuple(y_true.shape), tuple(y_pred.shape)
    binary = p[-1] == 1
    sparse = len(t) < len(p) or (t[-1] == 1 and p[-1] > 1)
    return binary, sparse


def resolve_loss(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """A Loss object from what `compile(loss=...)` accepts."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        binary, sparse = _kinds(y_true, y_pred)
        kind = "binary" if binary else "sparse_categorical" if sparse else "categorical"
        identifier = f"{kind}_crossentropy"
    loss = losses_module.get(identifier)
    if isinstance(loss, losses_module.Loss):
        return loss
    if loss in losses_module.CLASS_OF:
        return losses_module.CLASS_OF[loss]()
    return losses_module.LossFunctionWrapper(loss)


def resolve_metric(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """A Metric object from one entry of `compile(metrics=...)`."""
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        binary, sparse = _kinds(y_true, y_pred)
        if binary:
            return metrics_module.BinaryAccuracy(name=identifier)
        if sparse:
            return metrics_module.SparseCategoricalAccuracy(name=identifier)
        return metrics_module.CategoricalAccuracy(name=identifier)
    metric = metrics_module.get(identifier)
    if not isinstance(metric, metrics_module.Metric):
        name = getattr(metric, "__name__", type(metric).__name__)
        metric = metrics_module.MeanMetricWrapper(metric, name=name)
    elif isinstance(identifier, str):
        metric.name = identifier
    return metric


class Compiled:
    """Loss and metrics of a compiled model.

    Args:
        loss: Name, Loss, callable, or None.
        metrics: List of metrics, or None.
        weighted_metrics: List of metrics that see the sample weights, or None.

    Raises:
        ValueError: unknown names; `metrics` that is no list.
    """

    def __init__(self, loss: Any, metrics: Any, weighted_metrics: Any):
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value is not None and not isinstance(value, (list, tuple)):
                raise ValueError(
                    f"`{name}` must be a list, as in {name}=['accuracy']. "
                    f"Received: {name}={value!r} of type {type(value).__name__}"
                )
        if isinstance(loss, (list, tuple, dict)) and not _is_config(loss):
            raise ValueError(
                "minidl offers one loss per model so far. "
                f"Received: loss={loss!r}. Override `compute_loss` for several outputs."
            )
        self.loss_spec = loss
        self.metric_specs = list(metrics or ())
        self.weighted_specs = list(weighted_metrics or ())
        self._check_names()
        self.loss: Any = None
        self.metrics: list[Any] = []
        self.weighted: list[Any] = []
        self.built = False

    def _check_names(self) -> None:
        """Find misspelt names now, not in the middle of `fit`."""
        if isinstance(self.loss_spec, str):
            if self.loss_spec.lower() not in ("crossentropy", "ce"):
                losses_module.get(self.loss_spec)
        elif self.loss_spec is not None:
            losses_module.get(self.loss_spec)
        for spec in (*self.metric_specs, *self.weighted_specs):
            if spec is None:
                raise ValueError("`metrics` may not hold None.")
            if not isinstance(spec, str) or spec.lower() not in ("accuracy", "acc"):
                metrics_module.get(spec)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Choose loss and metrics for the shapes of the first targets and outputs."""
        if self.built:
            return
        if isinstance(y_pred, (list, tuple, dict)) or isinstance(y_true, (list, tuple, dict)):
            if self.loss_spec is None and not self.metric_specs and not self.weighted_specs:
                self.built = True
                return
            raise ValueError(
                "minidl offers losses and metrics for models of one output so far. "
                "Override `compute_loss`, or `train_step`, for several outputs."
            )
        if self.loss_spec is not None:
            self.loss = resolve_loss(self.loss_spec, y_true, y_pred)
        self.metrics = [resolve_metric(m, y_true, y_pred) for m in self.metric_specs]
        self.weighted = [resolve_metric(m, y_true, y_pred) for m in self.weighted_specs]
        self.built = True

    def check_targets(self, y: Any, y_pred: Any) -> None:
        """Refuse targets that the loss cannot take, before anything is changed.

        Raises:
            ValueError: naming what was given and what was expected.
        """
        loss = self.loss
        if loss is None or not isinstance(y, np.ndarray) or not hasattr(y_pred, "shape"):
            return
        shape = (len(y), *y_pred.shape[1:])
        if isinstance(loss, losses_module.SparseCategoricalCrossentropy) and loss.axis in (
            -1,
            len(shape) - 1,
        ):
            labels = class_numbers(y, shape)
            if loss.ignore_class is not None:
                labels = labels[labels != loss.ignore_class]
            if labels.size and (labels.min() < 0 or labels.max() >= shape[-1]):
                raise ValueError(
                    f"The targets hold class numbers from {labels.min()} to {labels.max()}, but "
                    f"the model has {shape[-1]} outputs: they must lie in [0, {shape[-1]})."
                )
        elif isinstance(loss, losses_module.LossFunctionWrapper) and (
            loss.fn in losses_module.CLASS_OF
        ):
            loss(y[:1], np.full((1, *shape[1:]), 0.5, np.float32))  # its own shape checks


def _is_config(loss: Any) -> bool:
    return isinstance(loss, dict) and "class_name" in loss
