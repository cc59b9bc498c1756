"""BackupAndRestore: a training run that was stopped goes on where it was."""

from __future__ import annotations

import os
import warnings

from .callback import Callback


def _state():
    from . import _training_state  # reads and writes zip files: loaded when it is used

    return _training_state


class BackupAndRestore(Callback):
    """Saves the state of training, and takes it up again at the start of the next `fit`.

    A run that was stopped at any point and is started again in a new process, with the same model,
    data and arguments, ends in the same weights as one that ran through, to the bit: weights, the
    optimizer's variables, the order of the samples, dropout masks and metrics are restored.

    That holds for arrays as data, and from the second epoch on for a `minidl.data.Dataset` that
    shuffles by the global seed. It does not hold where the data has a state of its own: a
    generator that gives one epoch after the other, a shuffle with a `seed` of its own, a pass over
    the data that `steps_per_epoch` cuts short. The state of other callbacks (as the patience of
    `EarlyStopping`) and of NumPy's and Python's own random numbers is not saved either.

    Args:
        backup_dir: Folder of its own for the state; made where it is missing.
        save_freq: `"epoch"`, or a number of batches.
        double_checkpoint: Whether the state before the last one is kept too, and used where the
            last one cannot be read. Defaults to False.
        delete_checkpoint: Whether the folder is deleted at the end of training. Defaults to True.

    Raises:
        ValueError: an empty folder name or another `save_freq`.
        OSError: at the start of `fit`, a state that is damaged or of another model.

    Source: `keras.callbacks.BackupAndRestore`.

    >>> import minidl
    >>> callback = minidl.callbacks.BackupAndRestore("backup", save_freq=100)
    """

    def __init__(
        self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True
    ):
        super().__init__()
        if not backup_dir:
            raise ValueError(f"`backup_dir` is empty. Received: backup_dir={backup_dir!r}")
        wrong = isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1
        if save_freq != "epoch" and wrong:
            raise ValueError(
                "`save_freq` must be 'epoch' or a positive number of batches. "
                f"Received: save_freq={save_freq!r}"
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._path = os.path.join(self.backup_dir, "latest.npz")
        self._previous = os.path.join(self.backup_dir, "previous.npz")
        self._epoch = 0
        self._unsaved = 0
        self._epoch_random = None

    def on_train_begin(self, logs=None):
        self._unsaved = 0
        saved = self._load()
        if saved is None:
            return
        saved.restore()
        self.model._resume_point = (
            saved.epoch,
            saved.batches,
            saved.restore_batch if saved.batches else None,
        )

    def _load(self):
        if not os.path.exists(self._path):
            return None
        try:
            return _state().Saved(self._path, self.model)
        except OSError as error:
            if not os.path.exists(self._previous):
                raise
            warnings.warn(f"{error}. The state before it is used.", stacklevel=2)
            return _state().Saved(self._previous, self.model)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        self._epoch_random = _state().random_state(self.model)

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq == "epoch":
            return
        self._unsaved += 1
        if self._unsaved >= self.save_freq:
            self._unsaved = 0
            self._save((self._epoch, batch + 1), self._epoch_random)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save((epoch + 1, 0), _state().random_state(self.model))

    def _save(self, position, epoch_random):
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and os.path.exists(self._path):
            os.replace(self._path, self._previous)
        _state().save(self._path, self.model, position, epoch_random)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and os.path.isdir(self.backup_dir):
            import shutil

            shutil.rmtree(self.backup_dir)
