"""LambdaCallback: hooks given as functions."""

from __future__ import annotations

from typing import Any

from .callback import HOOKS, Callback


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        **hooks: `on_epoch_end=function` and so on; each takes what the hook of `Callback` takes.

    Raises:
        ValueError: an unknown hook, or a value that is not callable.

    Source: `keras.callbacks.LambdaCallback`.

    >>> import minidl
    >>> show = minidl.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
    """

    def __init__(self, **hooks: Any):
        super().__init__()
        for name, function in hooks.items():
            if name not in (*HOOKS, "on_batch_begin", "on_batch_end"):
                raise ValueError(f"Unknown hook: {name!r}. Known hooks: {', '.join(HOOKS)}.")
            if function is None:
                continue
            if not callable(function):
                raise ValueError(f"`{name}` must be a function. Received: {function!r}")
            setattr(self, name, function)
