"""What `compile` was given, made concrete when the first targets and outputs are seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import losses as losses_module
from .. import metrics as metrics_module
from .._tree import flatten, is_nested
from ..losses.functions import class_numbers
from ._outputs import arrange, flat_specs, is_one, names_of, per_output


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
        name = getattr(metric, "name", None) or getattr(metric, "__name__", type(metric).__name__)
        metric = metrics_module.MeanMetricWrapper(metric, name=name)
    elif isinstance(identifier, str):
        metric.name = identifier
    return metric


class Compiled:
    """Losses and metrics of a compiled model.

    Args:
        loss: Name, Loss, callable or None; or a list or dict of them, one for each output.
        loss_weights: A number for each loss, as a list or dict; None for 1.
        metrics: List of metrics; for several outputs a list or dict with one entry (a metric or a
            list) for each output.
        weighted_metrics: The same, for metrics that see the sample weights.

    Raises:
        ValueError: unknown names; `metrics` that is no list or dict.
    """

    def __init__(self, loss: Any, loss_weights: Any, metrics: Any, weighted_metrics: Any):
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value is not None and not isinstance(value, (list, tuple, dict)):
                raise ValueError(
                    f"`{name}` must be a list, as in {name}=['accuracy'], or a dict by output. "
                    f"Received: {name}={value!r} of type {type(value).__name__}"
                )
        self.loss_spec = loss
        self.weight_spec = loss_weights
        self.metric_spec = metrics
        self.weighted_spec = weighted_metrics
        self._check_names()
        self.names: list[str | None] = []  # of the outputs, in flat order
        self.losses: list[tuple[int, Any, float | None, Any]] = []  # output, loss, weight, mean
        self.metrics: list[tuple[int, Any, bool]] = []  # output, metric, whether weighted
        self.named: list[tuple[str, Any]] = []  # all metrics by the name in logs
        self._wanted: list[bool] = []
        self._single = True
        self.built = False

    def _check_names(self) -> None:
        """Find misspelt names and odd weights now, not in the middle of `fit`."""
        for spec in flat_specs(self.loss_spec):
            if not isinstance(spec, str) or spec.lower() not in ("crossentropy", "ce"):
                losses_module.get(spec)
        for metrics in (self.metric_spec, self.weighted_spec):
            if isinstance(metrics, (list, tuple)) and None in metrics and len(metrics) == 1:
                raise ValueError("`metrics` may not hold None.")
            for spec in flat_specs(metrics):
                if not isinstance(spec, str) or spec.lower() not in ("accuracy", "acc"):
                    metrics_module.get(spec)
        for weight in flatten(self.weight_spec):
            if weight is not None and not isinstance(weight, (int, float, np.number)):
                raise ValueError(f"`loss_weights` must hold numbers. Received: {weight!r}")

    def build(self, y_true: Any, y_pred: Any, output_names: list[str] | None = None) -> None:
        """Choose losses and metrics for the shapes of the first targets and outputs."""
        if self.built:
            return
        outputs = list(flatten(y_pred))
        names = self.names = names_of(y_pred, output_names)
        specs = self._loss_specs(y_pred)
        self._wanted = [spec is not None for spec in specs]
        self._single = not is_nested(y_pred)
        if not any(self._wanted) and not self.metric_spec and not self.weighted_spec:
            self.built = True
            return
        targets = arrange(y_true, names, "y", self._wanted)
        weights = self._loss_weights(specs, y_pred)
        found: list[tuple[int, Any, float | None, Any]] = []
        for i, (spec, weight) in enumerate(zip(specs, weights, strict=True)):
            for one in spec if isinstance(spec, (list, tuple)) else [spec]:
                if one is not None:
                    found.append((i, resolve_loss(one, targets[i], outputs[i]), weight, None))
        named: list[tuple[str, Any]] = []
        if len(found) > 1:
            for n, (i, loss, weight, _) in enumerate(found):
                mean = metrics_module.Mean(name=f"{names[i] or loss.name}_loss")
                found[n] = (i, loss, weight, mean)
                named.append((mean.name, mean))
        metrics = [
            *self._resolve(self.metric_spec, targets, outputs, y_pred, False),
            *self._resolve(self.weighted_spec, targets, outputs, y_pred, True),
        ]
        labels = _labels(metrics, names)
        entries = [(label, m) for label, (_, m, _) in zip(labels, metrics, strict=True)]
        if len(names) > 1:
            entries.sort(key=lambda entry: entry[0])  # the order of Keras's results
        self.losses, self.metrics, self.named = found, metrics, named + entries
        self.built = True

    def _loss_specs(self, y_pred: Any) -> list[Any]:
        spec, names = self.loss_spec, self.names
        if is_one(spec):
            return [spec] * len(names)
        if isinstance(spec, dict) and not isinstance(y_pred, dict):
            missing = [name for name in names if name not in spec]
            if missing and set(spec) <= set(names):
                raise ValueError(
                    f"`loss` must name every output; None means no loss. Missing: {missing}. "
                    f"Received: loss={spec!r}"
                )
        if len(names) == 1 and isinstance(spec, (list, tuple)):
            return [spec[0] if len(spec) == 1 else spec]
        return per_output(spec, names, "loss", y_pred)

    def _loss_weights(self, specs: list[Any], y_pred: Any) -> list[Any]:
        weights = self.weight_spec
        if weights is None:
            return [None] * len(specs)
        if not is_nested(weights):
            if len(specs) > 1:
                raise ValueError(
                    "`loss_weights` must be a list or dict with a number for each output. "
                    f"Received: loss_weights={weights!r}"
                )
            return [weights]
        return per_output(weights, self.names, "loss_weights", y_pred)

    def _resolve(
        self, spec: Any, targets: list[Any], outputs: list[Any], y_pred: Any, weighted: bool
    ) -> list[tuple[int, Any, bool]]:
        if not spec:
            return []
        argument = "weighted_metrics" if weighted else "metrics"
        if len(outputs) == 1 and not is_one(spec):
            if isinstance(spec, dict):
                per_output(spec, self.names, argument, y_pred)
            per: list[Any] = [flat_specs(spec)]
        else:
            per = per_output(spec, self.names, argument, y_pred)
        found = []
        for i, entry in enumerate(per):
            for one in flat_specs(entry):
                if targets[i] is None:
                    raise ValueError(
                        f"`{argument}` asks for {one!r} of output {self.names[i] or i}, which has "
                        "no targets."
                    )
                found.append((i, resolve_metric(one, targets[i], outputs[i]), weighted))
        return found

    # -- one step -----------------------------------------------------------------------------
    @property
    def all_metrics(self) -> list[Any]:
        """Means of the losses of several outputs, then the metrics."""
        return [m for _, m in self.named]

    def compute(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The sum of the weighted losses, None where there is none."""
        if self._single and len(self.losses) == 1:
            _, loss, weight, _ = self.losses[0]
            value = loss(self._bare(y), y_pred, self._bare(sample_weight))
            return value if weight is None else value * weight
        targets, outputs, weights = self._arranged(y, y_pred, sample_weight)
        total = None
        for i, loss, weight, mean in self.losses:
            value = loss(targets[i], outputs[i], weights[i])
            if mean is not None:
                n = outputs[i].shape[0] if outputs[i].shape else 1
                mean.total += float(value) * n
                mean.count += n
            value = value if weight is None else value * weight
            total = value if total is None else total + value
        return total

    def _bare(self, value: Any) -> Any:
        """A target given as a list or dict of one."""
        return arrange(value, self.names, "y")[0] if is_nested(value) else value

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Let the metrics see a batch."""
        if not self.metrics:
            return
        if self._single and not is_nested(y) and not is_nested(sample_weight):
            for _, metric, weighted in self.metrics:
                if weighted:
                    metric.update_state(y, y_pred, sample_weight)
                else:
                    metric.update_state(y, y_pred)
            return
        targets, outputs, weights = self._arranged(y, y_pred, sample_weight)
        for i, metric, weighted in self.metrics:
            if weighted:
                metric.update_state(targets[i], outputs[i], weights[i])
            else:
                metric.update_state(targets[i], outputs[i])

    def _arranged(self, y: Any, y_pred: Any, sample_weight: Any) -> tuple[list, list, list]:
        names = self.names
        outputs = list(flatten(y_pred))
        targets = arrange(y, names, "y", self._wanted)
        if is_nested(sample_weight):
            weights = arrange(sample_weight, names, "sample_weight", self._wanted)
        else:
            weights = [sample_weight] * len(names)
        return targets, outputs, weights

    def check_targets(self, y: Any, y_pred: Any) -> None:
        """Refuse targets that a loss cannot take, before anything is changed.

        Raises:
            ValueError: naming what was given and what was expected.
        """
        if not self.losses:
            return
        targets = arrange(y, self.names, "y", self._wanted)
        outputs = list(flatten(y_pred))
        for i, loss, _, _ in self.losses:
            _check_target(loss, targets[i], outputs[i])


def _labels(metrics: list[tuple[int, Any, bool]], names: list[str | None]) -> list[str]:
    """Names for logs: with the output's where there are several, never one twice."""
    taken: dict[str, int] = {}
    labels = []
    for i, metric, weighted in metrics:
        lead = f"{names[i]}_" if len(names) > 1 and names[i] else ""
        label = f"{lead}{metric.name}"
        if label in taken and weighted:
            label = f"{lead}weighted_{metric.name}"
        if label in taken:
            count = taken[label]
            taken[label] += 1
            label = f"{label}_{count}"
        taken[label] = 1
        labels.append(label)
    return labels


def _check_target(loss: Any, y: Any, y_pred: Any) -> None:
    if not isinstance(y, np.ndarray) or not hasattr(y_pred, "shape"):
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
