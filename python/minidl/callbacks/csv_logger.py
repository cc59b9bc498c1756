"""CSVLogger: the metrics of every epoch, as lines of a table."""

from __future__ import annotations

import os

import numpy as np

from .callback import Callback


class CSVLogger(Callback):
    """Writes one line an epoch: its number and all metrics.

    Args:
        filename: The file.
        separator: Between the columns. Defaults to `","`.
        append: Whether an existing file is continued. Defaults to False.

    Source: `keras.callbacks.CSVLogger`.

    >>> import minidl
    >>> callback = minidl.callbacks.CSVLogger("training.csv")
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._file = None
        self._writer = None

    def on_train_begin(self, logs=None):
        self._close()
        self.keys = None
        continues = self.append and os.path.exists(self.filename)
        self._header = not (continues and os.path.getsize(self.filename))
        self._file = open(  # noqa: SIM115, closed at the end of training
            self.filename, "a" if self.append else "w", newline="", encoding="utf-8"
        )

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.keys is None:
            import csv

            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                # validation may come in a later epoch: its columns stand ready
                self.keys += [f"val_{key}" for key in self.keys]
            self._writer = csv.DictWriter(
                self._file, ["epoch", *self.keys], delimiter=self.sep, lineterminator="\n"
            )
            if self._header:
                self._writer.writeheader()
        self._writer.writerow({"epoch": epoch, **{k: _cell(logs.get(k, "NA")) for k in self.keys}})
        self._file.flush()

    def on_train_end(self, logs=None):
        self._close()

    def _close(self):
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _cell(value):
    """One cell; several numbers stand in brackets."""
    return f"[{', '.join(map(str, np.ravel(value)))}]" if np.ndim(value) else value
