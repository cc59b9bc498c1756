"""fit, evaluate and predict: many steps in a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import Tensor
from ..callbacks import CallbackList, History
from ._data import check_count, make_batches, map_arrays, split_validation, to_arrays
from ._steps import Steps, packed


def _numpy(x: Any) -> np.ndarray:
    return np.asarray(x.data if isinstance(x, Tensor) else x)


class Trainer(Steps):
    """What `Model` inherits."""

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
            class_weight: Dict from class number to weight; also with batches from an iterable.
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

        Example:
            >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2)])
            >>> model.compile("sgd", "mse")
            >>> history = model.fit(np.zeros((5, 3)), np.ones((5, 2)), epochs=2, verbose=0)
            >>> [round(value, 4) for value in history.history["loss"]]
            [1.0, 0.9801]
        """
        self._need_compile("fit")
        check_count(epochs, "epochs", optional=False)
        check_count(steps_per_epoch, "steps_per_epoch")
        check_count(validation_steps, "validation_steps")
        _check_frequency(validation_freq)
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
        first, done, resume = self._resume_point or (initial_epoch, 0, None)
        self._resume_point = None
        if first > initial_epoch:  # what was read ahead belongs to the first epoch
            for source in (batches, held_out):
                if source is not None:
                    source.restart()
        try:
            for epoch in range(first, epochs):
                calls.on_epoch_begin(epoch)
                logs = self._train_epoch(batches, calls, done, resume)
                done, resume = 0, None
                if held_out is not None and _is_due(epoch, validation_freq):
                    values = self._run_evaluation(held_out, calls)
                    logs.update({f"val_{k}": v for k, v in sorted(values.items())})
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

    def _train_epoch(
        self, batches: Any, calls: CallbackList, done: int = 0, resume: Any = None
    ) -> dict:
        begin = calls.calls("on_train_batch_begin")
        end = calls.calls("on_train_batch_end")
        self._metric_cache = sorted(self._named_metrics(), key=_name)  # Keras's order in logs
        for _, m in self._metric_cache:
            m.reset_state()
        step = self.train_step
        own = type(self).train_step is not Steps.train_step
        logs: dict = {}
        i = done - 1
        source = iter(batches)
        if resume is not None:
            for _ in range(done):
                next(source, None)
            resume()
            logs = self.get_metrics_result()
        for i, batch in enumerate(source, done):
            for call in begin:
                call(i, {})
            if own:
                logs = _plain(step(packed(batch)))
            else:
                logs = step(batch)
            for call in end:
                call(i, logs)
            if self.stop_training:
                break
        if i < 0:
            raise ValueError("The data ran out: an epoch had no batch.")
        return dict(sorted(logs.items()))

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

        Example:
            >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2)])
            >>> model.compile(loss="mse")
            >>> model.evaluate(np.zeros((5, 3)), np.ones((5, 2)), verbose=0)
            1.0
        """
        self._need_compile("evaluate")
        check_count(steps, "steps")
        batches = make_batches(x, y, sample_weight, None, batch_size, steps)
        self._prepare(batches)
        calls = self._call_list(callbacks, verbose, batches.num_batches)
        logs = self._run_evaluation(batches, calls)
        if return_dict:
            return dict(sorted(logs.items()))
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
        self._metric_cache = self._named_metrics()
        for _, m in self._metric_cache:
            m.reset_state()
        self.stop_evaluating = False
        own = type(self).test_step is not Steps.test_step
        logs: dict = {}
        try:
            for i, batch in enumerate(batches):
                for call in begin:
                    call(i, {})
                if own:
                    logs = _plain(self.test_step(packed(batch)))
                else:
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

        Example:
            >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2)])
            >>> model.predict(np.zeros((5, 3)), verbose=0).shape
            (5, 2)
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
                call(i, {})
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
            The loss, a list of loss and metrics of this batch, or a dict by name.

        Raises:
            ValueError: not compiled, or data that does not fit; no weight has changed then.

        Source: `keras.Model.train_on_batch`.

        Example:
            >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2)])
            >>> model.compile("sgd", "mse")
            >>> model.train_on_batch(np.zeros((5, 3)), np.ones((5, 2)))
            1.0
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
        self.reset_metrics()
        logs = _plain(step(packed(batch.arrays)))
        if return_dict:
            return logs
        values = list(logs.values())
        return values[0] if len(values) == 1 else values

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, as NumPy arrays."""
        return map_arrays(_numpy, self.predict_step((to_arrays(x, "x"), None, None)))


def _plain(logs: Any) -> dict:
    """Logs of a step of the user's own: numbers in place of tensors."""
    if not isinstance(logs, dict):
        raise ValueError(
            "A training or test step must return a dict of logs, as `self.get_metrics_result()` "
            f"does. Received: {logs!r}"
        )
    flat: dict[str, Any] = {}
    for name, value in logs.items():
        if isinstance(value, dict):
            flat.update(_plain(value))
        else:
            array = _numpy(value)
            flat[name] = array.item() if array.size == 1 else array
    return flat


def _name(entry: tuple[str, Any]) -> str:
    return entry[0]


def _check_frequency(value: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    if not whole and not isinstance(value, (list, tuple, set, range)):
        raise ValueError(
            "`validation_freq` must be a positive integer or a list of epochs. "
            f"Received: validation_freq={value!r}"
        )


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
