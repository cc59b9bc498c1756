"""LambdaCallback: hooks given as functions."""

from __future__ import annotations

from typing import Any

from .callback import HOOKS, Callback


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: Function `(epoch, logs)`, or None.
        on_epoch_end: Function `(epoch, logs)`, or None.
        on_train_begin: Function `(logs)`, or None.
        on_train_end: Function `(logs)`, or None.
        on_train_batch_begin: Function `(batch, logs)`, or None.
        on_train_batch_end: Function `(batch, logs)`, or None.
        **kwargs: The other hooks of `Callback`, by name.

    Raises:
        ValueError: an unknown hook, or a value that is not callable.

    Source: `keras.callbacks.LambdaCallback`.

    >>> import minidl
    >>> show = minidl.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
    """

    def __init__(
        self,
        on_epoch_begin: Any = None,
        on_epoch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        on_train_batch_begin: Any = None,
        on_train_batch_end: Any = None,
        **kwargs: Any,
    ):
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            if name not in (*HOOKS, "on_batch_begin", "on_batch_end"):
                raise ValueError(f"Unknown hook: {name!r}. Known hooks: {', '.join(HOOKS)}.")
            if function is None:
                continue
            if not callable(function):
                raise ValueError(f"`{name}` must be a function. Received: {function!r}")
            setattr(self, name, function)
