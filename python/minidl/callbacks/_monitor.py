"""What the callbacks share that watch one metric."""

from __future__ import annotations

import warnings
from typing import Any

from .callback import Callback


class MonitorCallback(Callback):
    """Knows which way of a metric is better.

    Args:
        monitor: Name of the metric. Defaults to `"val_loss"`.
        mode: `"min"`, `"max"`, or `"auto"` to tell by the metric.
        baseline: First value to beat, or None.
        min_delta: Smaller changes do not count. Defaults to 0.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"`mode` must be 'auto', 'min' or 'max'. Received: mode={mode!r}")
        self.monitor = monitor
        self.mode = mode
        self.best: Any = baseline
        self.min_delta = abs(min_delta)
        self._sign = {"min": -1.0, "max": 1.0}.get(mode)

    def get_monitor_value(self, logs: dict | None) -> Any:
        """The watched value of an epoch's logs; None, with a warning, where it is missing."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__} watches `{self.monitor}`, which is not available. "
                f"Available metrics are: {', '.join(logs or {})}",
                stacklevel=3,
            )
        return value

    def _set_direction(self) -> None:
        if self._sign is not None:
            return
        name = self.monitor.removeprefix("val_")
        direction = "down" if name == "loss" else None
        for metric in getattr(self.model, "metrics", []):
            if metric.name == name:
                direction = metric._direction or direction
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} cannot tell whether '{self.monitor}' should rise or "
                "fall: pass mode='max' or mode='min'."
            )
        self._sign = 1.0 if direction == "up" else -1.0

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        if reference is None:
            return True
        return self._sign * (value - reference) > self.min_delta
