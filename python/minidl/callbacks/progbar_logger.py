"""ProgbarLogger: shows the progress of fit, evaluate and predict."""

from __future__ import annotations

import time
from typing import Any

from ..utils.progress_bar import Progbar
from .callback import Callback


class ProgbarLogger(Callback):
    """A live bar in a terminal; one plain line per epoch anywhere else.

    Source: `keras.callbacks.ProgbarLogger`.

    >>> import minidl
    >>> model = minidl.Sequential([minidl.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> shown = minidl.callbacks.ProgbarLogger()  # fit adds one by itself where verbose is not 0
    >>> history = model.fit(np.zeros((4, 2)), np.zeros((4, 1)), callbacks=[shown], verbose=2)
    1/1 - ...loss: 0.0000...
    """

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self.bar: Any = None  # the Progbar, while there is one
        self._in_fit = False
        self._seen = 0

    def set_params(self, params):
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose in ("auto", True) else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def _start(self, label: str = "") -> None:
        self._seen = 0
        self.bar = Progbar(self.target, verbose=self.verbose, label=label)

    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False

    def on_epoch_begin(self, epoch, logs=None):
        title = f"Epoch {epoch + 1}/{self.epochs}" if self.epochs > 1 else ""
        self._start(title)
        if title and (self.bar.live or self.verbose == 2):
            self.bar.label = ""
            print(title, flush=True)

    def on_test_begin(self, logs=None):
        if not self._in_fit:  # validation inside fit stays silent
            self._start()

    def on_predict_begin(self, logs=None):
        self._start()

    def on_train_batch_end(self, batch, logs=None):
        self._seen = batch + 1
        bar = self.bar
        if batch == 0:
            bar.mark_first()
        if bar.live and time.monotonic() >= bar.next_draw:
            self._show(logs)

    def on_test_batch_end(self, batch, logs=None):
        if not self._in_fit:
            self.on_train_batch_end(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self.on_train_batch_end(batch, None)

    def _show(self, logs: Any) -> None:
        values = list((logs or {}).items())
        self.bar.stateful_metrics.update(name for name, _ in values)
        self.bar.update(self._seen, values, finalize=False)

    def _finish(self, logs: Any) -> None:
        if self.bar.target is None:
            self.bar.target = self._seen
        self.bar.update(self._seen, list((logs or {}).items()), finalize=True)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._finish(logs)

    def on_predict_end(self, logs=None):
        self._finish(None)
