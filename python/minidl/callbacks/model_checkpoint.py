"""ModelCheckpoint: saves the model, or only the best one, while it trains."""

from __future__ import annotations

import os
import warnings

import numpy as np

from ._monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves the model or its weights after epochs or batches.

    Args:
        filepath: Path, with places for `epoch` (from 1), `batch` and the logs, as in
            `"model_{epoch:02d}_{val_loss:.3f}.keras"`. It ends in `.keras`; where only weights
            are saved, in `.weights.h5`, `.safetensors` or `.npz`.
        monitor: Name of the metric. Defaults to `"val_loss"`.
        verbose: 1 prints a message. Defaults to 0.
        save_best_only: Whether only a model better than all before is saved.
        save_weights_only: Whether only weights are saved.
        mode: `"min"`, `"max"`, or `"auto"` to tell by the metric.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: Value the first model must beat, or None.

    Raises:
        ValueError: another `save_freq` or mode; an ending that cannot be written.

    Source: `keras.callbacks.ModelCheckpoint`.

    >>> import minidl
    >>> best = minidl.callbacks.ModelCheckpoint(
    ...     "best.npz", save_best_only=True, save_weights_only=True)
    """

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        wrong = isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1
        if save_freq != "epoch" and wrong:
            raise ValueError(
                "`save_freq` must be 'epoch' or a positive number of batches. "
                f"Received: save_freq={save_freq!r}"
            )
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._unsaved = 0

    def set_model(self, model):
        super().set_model(model)
        from ..models._weights_file import check_model_path, check_weights_path

        (check_weights_path if self.save_weights_only else check_model_path)(self.filepath)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq == "epoch":
            return
        self._unsaved += 1
        if self._unsaved >= self.save_freq:
            self._unsaved = 0
            self._save(self._epoch, batch, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def _path(self, epoch, batch, logs):
        places = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **logs}
        try:
            return self.filepath.format(**places)
        except (KeyError, IndexError) as error:
            raise KeyError(
                f"`filepath` {self.filepath!r} names {error}, which is not among "
                f"{', '.join(places)}."
            ) from None

    def _should_save(self, epoch, logs):
        if not self.save_best_only:
            return True
        current = logs.get(self.monitor)
        if current is None or np.ndim(current) > 0:
            warnings.warn(
                f"ModelCheckpoint watches `{self.monitor}`, which is not available as one number. "
                f"Available metrics are: {', '.join(logs)}. The model is saved anyhow.",
                stacklevel=3,
            )
            return True
        self._set_direction()
        better = self._is_improvement(current, self.best)
        if self.verbose:
            best = "None" if self.best is None else f"{self.best:.5f}"
            how = f"improved from {best} to {current:.5f}" if better else "did not improve"
            print(f"Epoch {epoch + 1}: {self.monitor} {how}{'' if better else f' from {best}'}")
        if better:
            self.best = current
        return better

    def _save(self, epoch, batch, logs):
        path = self._path(epoch, batch, logs)
        if not self._should_save(epoch, logs):
            return
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if os.path.isdir(path):
            raise OSError(f"ModelCheckpoint wants the path of a file. '{path}' is a folder.")
        write = self.model.save_weights if self.save_weights_only else self.model.save
        write(path, overwrite=True)
        if self.verbose:
            print(f"Epoch {epoch + 1}: saved to {path}")
