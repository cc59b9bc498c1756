"""Callback: what is done at the turns of training."""

from __future__ import annotations

from typing import Any

HOOKS = tuple(
    f"on_{phase}{part}_{end}"
    for phase, parts in (("train", ("", "_batch")), ("test", ("", "_batch")),
                         ("predict", ("", "_batch")), ("epoch", ("",)))
    for part in parts
    for end in ("begin", "end")
)  # fmt: skip


class Callback:
    """Base class; override the hooks you need. Hooks left alone cost nothing.

    Attributes:
        model: The model at work.
        params: Dict with `verbose`, `epochs` and `steps`.

    Source: `keras.callbacks.Callback`.

    >>> import minidl
    >>> class Print(minidl.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, sorted(logs))
    """

    def __init__(self) -> None:
        self.params: dict | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        return self._model

    def set_model(self, model: Any) -> None:
        """Called once, before anything else."""
        self._model = model

    def set_params(self, params: dict) -> None:
        """Called once, before anything else."""
        self.params = params

    def on_train_begin(self, logs: dict | None = None) -> None:
        """At the start of `fit`."""

    def on_train_end(self, logs: dict | None = None) -> None:
        """At the end of `fit`."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """At the start of an epoch."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """At the end of an epoch; `logs` holds the metrics, validation ones as `val_...`."""

    def on_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Before a training batch; older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """After a training batch; older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Before a training batch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """After a training batch; `logs` holds the metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: dict | None = None) -> None:
        """At the start of `evaluate` or validation."""

    def on_test_end(self, logs: dict | None = None) -> None:
        """At the end of `evaluate` or validation."""

    def on_test_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Before an evaluation batch."""

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """After an evaluation batch."""

    def on_predict_begin(self, logs: dict | None = None) -> None:
        """At the start of `predict`."""

    def on_predict_end(self, logs: dict | None = None) -> None:
        """At the end of `predict`."""

    def on_predict_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Before a prediction batch."""

    def on_predict_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """After a prediction batch."""
