"""TerminateOnNaN: training ends when the loss is no number any more."""

from __future__ import annotations

import math

from .callback import Callback


class TerminateOnNaN(Callback):
    """Stops training when the loss is NaN or infinite.

    Args:
        raise_error: Whether a RuntimeError is raised instead. Defaults to False.

    Source: `keras.callbacks.TerminateOnNaN`.

    >>> import minidl
    >>> stop = minidl.callbacks.TerminateOnNaN()
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"The loss is {loss} at batch {batch}.")
        print(f"Batch {batch}: the loss is {loss}, training ends.")
        self.model.stop_training = True
