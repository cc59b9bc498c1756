"""compile, fit, evaluate, predict: the training half of Model."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import metrics as metrics_module
from .. import optimizers
from .._tape import GradientTape, Tensor
from ..callbacks import CallbackList, History
from ..layers.layer import Layer
from ._compiled import Compiled
from ._data import (
    ArrayBatches,
    check_count,
    make_batches,
    map_arrays,
    split_validation,
    to_arrays,
)


def _numpy(x: Any) -> np.ndarray:
    return np.asarray(x.data if isinstance(x, Tensor) else x)


class Trainer(Layer):
    """What `Model` inherits; its state is set by `_init_trainer`."""

    def _init_trainer(self) -> None:
        self.optimizer: Any = None
        self.compiled = False
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.history: Any = None  # the History of the last fit
        self._compiled: Compiled | None = None
        self._loss_tracker: Any = None
        self._metric_cache: Any = None

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
            loss: Name, Loss or callable `(y_true, y_pred)`; None trains on `add_loss` alone.
            loss_weights: Not offered: there is one loss.
            metrics: List of names, Metric objects or callables. `"accuracy"` becomes the kind
                that fits targets and outputs.
            weighted_metrics: The same, for metrics that see the sample weights.
            run_eagerly: Accepted: there is no other way here.
            steps_per_execution: Must be 1.
            jit_compile: Accepted; nothing is compiled.
            auto_scale_loss: Accepted; the loss is scaled by the optimizer's factor if it has one.

        Raises:
            ValueError: unknown names (the message suggests a close one) or wrong types.

        Source: `keras.Model.compile`.
        """
        if loss_weights is not None:
            raise ValueError("`loss_weights` is not offered: a model has one loss so far.")
        if steps_per_execution != 1:
            raise ValueError("`steps_per_execution` must be 1: steps cost too little to be joined.")
        compiled = Compiled(loss, metrics, weighted_metrics)
        self.optimizer = optimizers.get(optimizer)
        self._compiled = compiled
        self._loss_tracker = metrics_module.Mean(name="loss")
        self.loss = loss
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
        return [] if c is None else [*c.metrics, *c.weighted]

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
        for m in self._logged:
            value = m._value()
            if isinstance(value, dict):
                logs.update(value)
            else:
                logs[m.name] = value
        return logs

    @property
    def _logged(self) -> list[Any]:
        """The metrics, looked up once a pass."""
        cached = self._metric_cache
        return self.metrics if cached is None else cached

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
                compiled.build(y, y_pred)
            total = compiled.loss(y, y_pred, sample_weight)
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
            for m in compiled.metrics:
                m.update_state(y, y_pred)
            for m in compiled.weighted:
                m.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def train_step(self, data: tuple) -> dict:
        """One training step on `(x, y, sample_weight)`. Override it for another; return logs."""
        x, y, sample_weight = (*data, None, None)[:3]
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
        x, y, sample_weight = (*data, None, None)[:3]
        y_pred = self(x, training=False)
        self._track_loss(self.compute_loss(x, y, y_pred, sample_weight, training=False), x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: tuple) -> Any:
        """One prediction step. Override it for another."""
        return self(data[0], training=False)

    def _track_loss(self, loss: Any, x: Any) -> None:
        tracker = self._loss_tracker
        first = x
        while isinstance(first, (list, tuple, dict)):
            first = next(iter(first.values() if isinstance(first, dict) else first))
        n = len(first)
        tracker.total += float(loss) * n
        tracker.count += n

    # -- before the first step ----------------------------------------------------------------
    def _prepare(self, batches: Any, with_targets: bool = True) -> None:
        """Build and check on one sample, so that bad data is refused before anything changes."""
        x, y, _ = batches.first()
        y_pred = self(x, training=False)
        compiled = self._compiled
        if not with_targets or compiled is None:
            return
        if y is None:
            kind = type(self)
            own = kind.compute_loss, kind.train_step
            if compiled.loss_spec is not None and own == (Trainer.compute_loss, Trainer.train_step):
                raise ValueError("The compiled loss needs targets: pass `y`.")
            return
        if isinstance(y, np.ndarray) and hasattr(y_pred, "shape") and y_pred.ndim == 0:
            raise ValueError("The model must give one output per sample, not a single number.")
        compiled.build(y, y_pred)
        if isinstance(batches, ArrayBatches):
            compiled.check_targets(batches.arrays[1], y_pred)

    # -- fit ----------------------------------------------------------------------------------
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train the model.

        Args:
            x: Inputs: an array, a list or dict of arrays, or an iterable of batches.
            y: Targets.
            batch_size: Samples per step. Defaults to 32.
            epochs: Passes over the data; the number of the last one. Defaults to 1.
            verbose: 0 silent, 1 a bar, 2 a line per epoch, `"auto"` for 1.
            callbacks: List of Callback objects.
            validation_split: Share of the data, its last part, kept for validation.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, or an iterable of batches.
            shuffle: Whether the order changes each epoch. Defaults to True.
            class_weight: Dict from class number to weight.
            sample_weight: One weight per sample.
            initial_epoch: Epoch to start from. Defaults to 0.
            steps_per_epoch: Batches per epoch; None for all.
            validation_steps: Batches per validation; None for all.
            validation_batch_size: Defaults to `batch_size`.
            validation_freq: Epochs between validations, or a list of epochs.

        Returns:
            A `History`: its `history` dict holds the metrics of each epoch.

        Raises:
            ValueError: not compiled, or data that does not fit the model or the loss; no weight
                has changed then.

        Source: `keras.Model.fit`.
        """
        self._need_compile("fit")
        check_count(epochs, "epochs", optional=False)
        check_count(steps_per_epoch, "steps_per_epoch")
        check_count(validation_steps, "validation_steps")
        if not isinstance(shuffle, (bool, np.bool_)):
            raise ValueError(f"`shuffle` must be True or False. Received: shuffle={shuffle!r}")
        if validation_split and validation_data is None:
            if y is None or not isinstance(to_arrays(x, "x"), (np.ndarray, tuple, dict)):
                raise ValueError("`validation_split` needs arrays `x` and `y`.")
            weights = None if sample_weight is None else to_arrays(sample_weight, "sample_weight")
            arrays = [to_arrays(x, "x"), to_arrays(y, "y"), weights]
            (x, y, sample_weight), validation_data = split_validation(arrays, validation_split)
        batches = make_batches(
            x, y, sample_weight, class_weight, batch_size, steps_per_epoch, shuffle
        )
        held_out = None
        if validation_data is not None:
            size = validation_batch_size or batch_size
            held_out = self._validation_batches(validation_data, size, validation_steps)
        self._prepare(batches)
        if held_out is not None:
            self._prepare(held_out)
        calls = callbacks
        if not isinstance(callbacks, CallbackList):
            calls = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose not in (0, False),
                model=self,
                verbose=verbose,
                epochs=epochs,
                steps=batches.num_batches,
            )
        self.stop_training = False
        logs: dict = {}
        calls.on_train_begin()
        try:
            for epoch in range(initial_epoch, epochs):
                calls.on_epoch_begin(epoch)
                logs = self._train_epoch(batches, calls)
                if held_out is not None and _is_due(epoch, validation_freq):
                    values = self._run_evaluation(held_out, calls)
                    logs.update({f"val_{k}": v for k, v in values.items()})
                calls.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            self._metric_cache = None
        self.optimizer.finalize_variable_values(self.trainable_variables)
        calls.on_train_end(logs)
        return self.history

    def _validation_batches(self, data: Any, size: int | None, steps: int | None) -> Any:
        if isinstance(data, (tuple, list)):
            if not 1 <= len(data) <= 3:
                raise ValueError(
                    "`validation_data` must be (x, y) or (x, y, sample_weight). "
                    f"Received {len(data)} entries."
                )
            x, y, w = (*data, None, None)[:3]
            return make_batches(x, y, w, None, size, steps)
        return make_batches(data, batch_size=size, steps=steps)

    def _train_epoch(self, batches: Any, calls: CallbackList) -> dict:
        begin = calls.calls("on_train_batch_begin")
        end = calls.calls("on_train_batch_end")
        self._metric_cache = self.metrics
        for m in self._metric_cache:
            m.reset_state()
        step = self.train_step
        logs: dict = {}
        i = -1
        for i, batch in enumerate(batches):
            for call in begin:
                call(i)
            logs = step(batch)
            for call in end:
                call(i, logs)
            if self.stop_training:
                break
        if i < 0:
            raise ValueError("The data ran out: an epoch had no batch.")
        return dict(logs)

    # -- evaluate and predict -----------------------------------------------------------------
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics on data, in inference mode.

        Args:
            x: Inputs, as in `fit`.
            y: Targets.
            batch_size: Samples per step. Defaults to 32.
            verbose: As in `fit`.
            sample_weight: One weight per sample.
            steps: Batches; None for all.
            callbacks: List of Callback objects.
            return_dict: Whether a dict is returned. Defaults to False.

        Returns:
            The loss, a list of loss and metrics, or a dict by name.

        Raises:
            ValueError: not compiled, or data that does not fit.

        Source: `keras.Model.evaluate`.
        """
        self._need_compile("evaluate")
        check_count(steps, "steps")
        batches = make_batches(x, y, sample_weight, None, batch_size, steps)
        self._prepare(batches)
        calls = self._call_list(callbacks, verbose, batches.num_batches)
        logs = self._run_evaluation(batches, calls)
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def _call_list(self, callbacks: Any, verbose: Any, steps: int | None) -> CallbackList:
        if isinstance(callbacks, CallbackList):
            return callbacks
        return CallbackList(
            callbacks,
            add_progbar=verbose not in (0, False),
            model=self,
            verbose=verbose,
            epochs=1,
            steps=steps,
        )

    def _run_evaluation(self, batches: Any, calls: CallbackList) -> dict:
        calls.on_test_begin()
        begin = calls.calls("on_test_batch_begin")
        end = calls.calls("on_test_batch_end")
        self._metric_cache = self.metrics
        for m in self._metric_cache:
            m.reset_state()
        self.stop_evaluating = False
        logs: dict = {}
        try:
            for i, batch in enumerate(batches):
                for call in begin:
                    call(i)
                logs = self.test_step(batch)
                for call in end:
                    call(i, logs)
                if self.stop_evaluating:
                    break
        finally:
            self._metric_cache = None
        logs = dict(logs)
        calls.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for inputs, in inference mode.

        Args:
            x: Inputs, as in `fit`.
            batch_size: Samples per step. Defaults to 32.
            verbose: As in `fit`.
            steps: Batches; None for all.
            callbacks: List of Callback objects.

        Returns:
            A NumPy array (or the structure of arrays that the model gives).

        Raises:
            ValueError: data that does not fit.

        Source: `keras.Model.predict`.
        """
        check_count(steps, "steps")
        batches = make_batches(x, batch_size=batch_size, steps=steps, targets=False)
        calls = self._call_list(callbacks, verbose, batches.num_batches)
        calls.on_predict_begin()
        begin = calls.calls("on_predict_batch_begin")
        end = calls.calls("on_predict_batch_end")
        self.stop_predicting = False
        outputs = []
        for i, batch in enumerate(batches):
            for call in begin:
                call(i)
            out = map_arrays(_numpy, self.predict_step(batch))
            outputs.append(out)
            for call in end:
                call(i, {"outputs": out})
            if self.stop_predicting:
                break
        if not outputs:
            raise ValueError("`x` is empty: there was no batch to predict.")
        calls.on_predict_end()
        return _concatenate(outputs)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch.

        Args:
            x: Inputs.
            y: Targets.
            sample_weight: One weight per sample.
            class_weight: Dict from class number to weight.
            return_dict: Whether a dict is returned. Defaults to False.

        Returns:
            The loss, a list of loss and metrics so far, or a dict by name.

        Raises:
            ValueError: not compiled, or data that does not fit; no weight has changed then.

        Source: `keras.Model.train_on_batch`.
        """
        self._need_compile("train_on_batch")
        return self._on_batch(self.train_step, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One evaluation step on one batch; see `train_on_batch`."""
        self._need_compile("test_on_batch")
        return self._on_batch(self.test_step, x, y, sample_weight, None, return_dict)

    def _on_batch(self, step, x, y, sample_weight, class_weight, return_dict):
        batch = make_batches(x, y, sample_weight, class_weight)
        self._prepare(batch)
        logs = step(batch.arrays)
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, as NumPy arrays."""
        return map_arrays(_numpy, self.predict_step((to_arrays(x, "x"), None, None)))


def _is_due(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def _concatenate(outputs: list[Any]) -> Any:
    first = outputs[0]
    if isinstance(first, dict):
        return {k: _concatenate([o[k] for o in outputs]) for k in first}
    if isinstance(first, (list, tuple)):
        return type(first)(_concatenate([o[i] for o in outputs]) for i in range(len(first)))
    if len(outputs) == 1:
        return np.array(first)  # never the model's own memory
    return np.concatenate(outputs)
