"""CallbackList: several callbacks called as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .callback import HOOKS, Callback
from .history import History
from .progbar_logger import ProgbarLogger

_OLD_NAMES = {
    "on_train_batch_begin": "on_batch_begin",
    "on_train_batch_end": "on_batch_end",
}


def _overrides(callback: Callback, hook: str) -> bool:
    method = getattr(callback, hook)
    return getattr(method, "__func__", method) is not getattr(Callback, hook)


class CallbackList(Callback):
    """Calls a list of callbacks; only those that override a hook are asked.

    Args:
        callbacks: A Callback, a list of them, or None.
        add_history: Whether a `History` is added if there is none.
        add_progbar: Whether a `ProgbarLogger` is added if there is none.
        model: The model at work.
        **params: Handed to each callback: `verbose`, `epochs`, `steps`.

    Raises:
        ValueError: an entry is no Callback.

    Source: `keras.callbacks.CallbackList`.

    >>> import minidl
    >>> calls = minidl.callbacks.CallbackList(add_history=True)
    >>> calls.on_train_begin()
    >>> calls.on_epoch_end(0, {"loss": 0.5})
    >>> calls.callbacks[0].history
    {'loss': [0.5]}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ):
        super().__init__()
        if isinstance(callbacks, Callback):
            callbacks = [callbacks]
        self.callbacks: list[Callback] = list(callbacks or [])
        for c in self.callbacks:
            if not isinstance(c, Callback):
                raise ValueError(
                    "`callbacks` must hold Callback objects. "
                    f"Received: {c!r} of type {type(c).__name__}"
                )
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.callbacks.append(History())
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.params = params
        if model is not None:
            self._model = model
            for c in self.callbacks:
                if isinstance(c, History):
                    model.history = c
                c.set_model(model)
        for c in self.callbacks:
            c.set_params(params)
        self._calls: dict[str, list[Callable]] = {h: self._find(h) for h in HOOKS}

    def _find(self, hook: str) -> list[Callable]:
        found = []
        for c in self.callbacks:
            if _overrides(c, hook):
                found.append(getattr(c, hook))
            elif hook in _OLD_NAMES and _overrides(c, _OLD_NAMES[hook]):
                found.append(getattr(c, _OLD_NAMES[hook]))
        return found

    def append(self, callback: Callback) -> None:
        """Add one more."""
        self.callbacks.append(callback)
        self._calls = {h: self._find(h) for h in HOOKS}

    def __iter__(self):
        return iter(self.callbacks)

    def calls(self, hook: str) -> list[Callable]:
        """The methods behind a hook, for loops that call it often."""
        return self._calls[hook]


def _forward(hook: str) -> Callable:
    numbered = "epoch" in hook or "batch" in hook

    def call(self: CallbackList, *args: Any, logs: Any = None, **named: Any) -> None:
        args = (*args, *named.values())
        if len(args) <= numbered:
            args = (*args, {} if logs is None else logs)  # functions of one's own may ask for them
        for method in self._calls[hook]:
            method(*args)

    call.__name__ = hook
    call.__doc__ = getattr(Callback, hook).__doc__
    return call


for _hook in HOOKS:
    setattr(CallbackList, _hook, _forward(_hook))
