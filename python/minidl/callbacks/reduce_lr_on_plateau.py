"""ReduceLROnPlateau: smaller steps when a metric stops getting better."""

from __future__ import annotations

from ._monitor import MonitorCallback


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate when a metric has not improved for some epochs.

    The rate appears in the logs as `learning_rate`.

    Args:
        monitor: Name of the metric. Defaults to `"val_loss"`.
        factor: What the rate is multiplied by, below 1. Defaults to 0.1.
        patience: Epochs without improvement that are waited for. Defaults to 10.
        verbose: 1 prints a message. Defaults to 0.
        mode: `"min"`, `"max"`, or `"auto"` to tell by the metric.
        min_delta: Smaller changes do not count. Defaults to 0.0001.
        cooldown: Epochs after a reduction that are not counted. Defaults to 0.
        min_lr: The rate never falls below it. Defaults to 0.

    Raises:
        ValueError: a factor of 1 or more, or another mode.

    Source: `keras.callbacks.ReduceLROnPlateau`.

    >>> import minidl
    >>> callback = minidl.callbacks.ReduceLROnPlateau(factor=0.2, patience=5, min_lr=0.001)
    """

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0.0,
        **kwargs,
    ):
        if kwargs:
            raise ValueError(f"Unrecognized arguments of ReduceLROnPlateau: {kwargs}")
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"`factor` must be below 1. Received: factor={factor}")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs=None):
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self):
        """Whether the epochs after a reduction are not over."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = self.get_monitor_value(logs)
        if current is None:
            return
        self._set_direction()
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch):
        optimizer = self.model.optimizer
        old = float(optimizer.learning_rate)
        if old <= self.min_lr:
            return
        new = max(old * self.factor, self.min_lr)
        optimizer.learning_rate = new
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose:
            print(f"Epoch {epoch + 1}: ReduceLROnPlateau sets the learning rate to {new:g}.")
