"""LearningRateScheduler: a learning rate for each epoch."""

from __future__ import annotations

import inspect

import numpy as np

from .callback import Callback


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    The rate appears in the logs as `learning_rate`.

    Args:
        schedule: Function of the epoch (from 0) and the present rate, or of the epoch alone, that
            returns the new rate as a float.
        verbose: 1 prints a message. Defaults to 0.

    Raises:
        ValueError: in `fit`, where the function returns no float.

    Source: `keras.callbacks.LearningRateScheduler`.

    >>> import minidl
    >>> callback = minidl.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        if not callable(schedule):
            raise ValueError(f"`schedule` must be a function. Received: schedule={schedule!r}")
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        if self._takes_rate:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        else:
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.floating)):
            raise ValueError(
                "The `schedule` of LearningRateScheduler must return a float. "
                f"Received: {rate!r} of type {type(rate).__name__}"
            )
        optimizer.learning_rate = float(rate)
        if self.verbose:
            print(f"Epoch {epoch + 1}: LearningRateScheduler sets the learning rate to {rate:g}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function) -> bool:
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # some built-in functions have no signature
        return True
    return True
