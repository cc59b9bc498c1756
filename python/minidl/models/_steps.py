"""compile, and one step of training, evaluation or prediction."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import metrics as metrics_module
from .. import optimizers
from .._tape import GradientTape
from ..layers.layer import Layer, call_context
from ._compiled import Compiled
from ._data import ArrayBatches


def packed(batch: tuple) -> Any:
    """A batch as Keras hands it to a step of the user's own: without what was not given."""
    x, y, sample_weight = (*batch, None, None)[:3]
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x


def _unpacked(data: Any) -> tuple:
    """`(x, y, sample_weight)` of what `packed` gave."""
    data = data if isinstance(data, tuple) else (data,)
    return (*data, None, None)[:3]


class Steps(Layer):
    """What `Trainer` inherits; its state is set by `_init_trainer`."""

    _is_trainer = True

    def _init_trainer(self) -> None:
        self.optimizer: Any = None
        self.compiled = False
        self.run_eagerly = False
        self.jit_compile = False
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.history: Any = None  # the History of the last fit
        self._compiled: Compiled | None = None
        self._loss_tracker: Any = None
        self._metric_cache: Any = None
        # where `fit` goes on: epoch, batches done, what to call behind them; see BackupAndRestore
        self._resume_point: Any = None

    # -- compile ------------------------------------------------------------------------------
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Set how the model is trained.

        Args:
            optimizer: Name or Optimizer. Defaults to `"rmsprop"`.
            loss: Name, Loss or callable `(y_true, y_pred)`, or a list or dict of them by output;
                None trains on `add_loss` alone.
            loss_weights: A number for each loss, as a list or a dict by output.
            metrics: List of names, Metric objects or callables. `"accuracy"` becomes the kind
                that fits targets and outputs. For several outputs a list or dict with one entry
                (a metric or a list of them) for each output.
            weighted_metrics: The same, for metrics that see the sample weights.
            run_eagerly: Accepted: there is no other way here.
            steps_per_execution: Must be 1.
            jit_compile: Accepted; nothing is compiled.
            auto_scale_loss: Accepted; the loss is scaled by the optimizer's factor if it has one.

        Raises:
            ValueError: unknown names (the message suggests a close one) or wrong types.

        Source: `keras.Model.compile`.
        """
        if steps_per_execution != 1:
            raise ValueError("`steps_per_execution` must be 1: steps cost too little to be joined.")
        compiled = Compiled(loss, loss_weights, metrics, weighted_metrics)
        self._compile_arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": bool(run_eagerly),
            "steps_per_execution": 1,
            "jit_compile": False,
        }
        self.optimizer = optimizers.get(optimizer)
        self._compiled = compiled
        self._loss_tracker = metrics_module.Mean(name="loss")
        self.loss = loss
        self.run_eagerly = bool(run_eagerly)
        self.compiled = True

    def _need_compile(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"Call `compile(optimizer, loss)` before `{method}`: model '{self.name}' does not "
                "know yet how to train."
            )

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the compiled metrics, and metrics set as attributes."""
        own = super().metrics
        known = {id(m) for m in (self._loss_tracker, *self._compiled_metrics())}
        mine = [self._loss_tracker] if self._tracks_loss() else []
        return [*mine, *self._compiled_metrics(), *(m for m in own if id(m) not in known)]

    def _compiled_metrics(self) -> list[Any]:
        c = self._compiled
        return [] if c is None else c.all_metrics

    def _tracks_loss(self) -> bool:
        return self.compiled

    @property
    def metrics_names(self) -> list[str]:
        """Names of `metrics`."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Set all metrics to their start."""
        for m in self.metrics:
            m.reset_state()

    def get_metrics_result(self) -> dict[str, float]:
        """The values of all metrics so far, by name."""
        logs: dict[str, float] = {}
        cached = self._metric_cache
        for name, m in self._named_metrics() if cached is None else cached:
            value = m._value()
            if isinstance(value, dict):
                logs.update(value)
            else:
                logs[name] = value
        return logs

    def _named_metrics(self) -> list[tuple[str, Any]]:
        """All metrics with their names in logs; looked up once a pass."""
        compiled = self._compiled
        labels = {} if compiled is None else {id(m): name for name, m in compiled.named}
        return [(labels.get(id(m), m.name), m) for m in self.metrics]

    def get_compile_config(self) -> dict:
        """What `compile` was given, as Keras writes it; empty before."""
        if not self.compiled:
            return {}
        from .._serialize import serialize_keras_object

        arguments = {**self._compile_arguments, "optimizer": self.optimizer}
        return serialize_keras_object(arguments)

    def compile_from_config(self, config: dict) -> None:
        """Compile as a config of `get_compile_config` says."""
        from .._serialize import deserialize_keras_object

        arguments = deserialize_keras_object(config)
        arguments.pop("auto_scale_loss", None)
        self.compile(**arguments)
        if self.built and hasattr(self.optimizer, "build"):
            self.optimizer.build(self.trainable_variables)

    # -- one step -----------------------------------------------------------------------------
    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The loss of a batch: the compiled one plus `losses`. Override it for another."""
        compiled = self._compiled
        total = None
        if compiled is not None and compiled.loss_spec is not None:
            if y is None:
                raise ValueError("The compiled loss needs targets: pass `y`.")
            if not compiled.built:
                compiled.build(y, y_pred, self._names_of_outputs())
            total = compiled.compute(y, y_pred, sample_weight)
        for extra in self.losses:
            total = extra if total is None else total + extra
        if total is None:
            raise ValueError(
                f"Model '{self.name}' has no loss: pass `loss` to `compile`, call `add_loss`, or "
                "override `compute_loss`."
            )
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict:
        """Update the compiled metrics with a batch and return the values of all."""
        compiled = self._compiled
        if compiled is not None and y is not None:
            if not compiled.built:
                compiled.build(y, y_pred, self._names_of_outputs())
            compiled.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def train_step(self, data: tuple) -> dict:
        """One training step on `(x, y, sample_weight)`. Override it for another; return logs."""
        x, y, sample_weight = _unpacked(data)
        optimizer = self.optimizer
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
            scaled = loss if optimizer.loss_scale_factor is None else optimizer.scale_loss(loss)
        variables = self.trainable_variables
        if variables:
            optimizer.apply(tape.gradient(scaled, variables), variables)
        else:
            warnings.warn(f"Model '{self.name}' has no trainable weights.", stacklevel=2)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: tuple) -> dict:
        """One evaluation step. Override it for another; return logs."""
        x, y, sample_weight = _unpacked(data)
        y_pred = self(x, training=False)
        self._track_loss(self.compute_loss(x, y, y_pred, sample_weight, training=False), x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: tuple) -> Any:
        """One prediction step. Override it for another."""
        return self(data[0], training=False)

    def _names_of_outputs(self) -> list[str] | None:
        """Functional models know them."""
        return getattr(self, "output_names", None)

    def _track_loss(self, loss: Any, x: Any) -> None:
        tracker = self._loss_tracker
        first = x
        while isinstance(first, (list, tuple, dict)):
            first = next(iter(first.values() if isinstance(first, dict) else first))
        n = len(first)
        tracker.total += float(loss) * n
        tracker.count += n

    # -- before the first step ----------------------------------------------------------------
    def _trial_size(self) -> int:
        """How many samples the model can be tried on: more than one where the size is fixed."""
        return 1

    def _prepare(self, batches: Any, with_targets: bool = True) -> None:
        """Build and check on a sample, so that bad data is refused before anything changes."""
        if getattr(type(self).call, "_missing", False):  # all is in the user's own steps
            return
        x, y, _ = batches.first(self._trial_size())
        call_context.trial = True
        try:
            y_pred = self(x, training=False)
        finally:
            call_context.trial = False
        compiled = self._compiled
        if not with_targets or compiled is None:
            return
        if y is None:
            kind = type(self)
            own = kind.compute_loss, kind.train_step
            if compiled.loss_spec is not None and own == (Steps.compute_loss, Steps.train_step):
                raise ValueError("The compiled loss needs targets: pass `y`.")
            return
        if isinstance(y, np.ndarray) and hasattr(y_pred, "shape") and y_pred.ndim == 0:
            raise ValueError("The model must give one output per sample, not a single number.")
        compiled.build(y, y_pred, self._names_of_outputs())
        if isinstance(batches, ArrayBatches):
            compiled.check_targets(batches.arrays[1], y_pred)
