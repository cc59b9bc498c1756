"""History: the metrics of every epoch."""

from __future__ import annotations

from .callback import Callback


class History(Callback):
    """What `fit` returns.

    Attributes:
        epoch: List of epoch numbers.
        history: Dict from each metric's name to its values, one per epoch.

    Source: `keras.callbacks.History`.

    >>> import minidl
    >>> model = minidl.Sequential([minidl.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(np.zeros((4, 2)), np.zeros((4, 1)), epochs=2, verbose=0)
    >>> history.epoch, history.history
    ([0, 1], {'loss': [0.0, 0.0]})
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs=None):
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def _repr_html_(self) -> str:
        """Curves and the last epochs, for notebooks."""
        from ._history_html import history_html

        return history_html(self.history, self.epoch)
