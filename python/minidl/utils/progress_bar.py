"""Progbar: a live bar in a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np


def _is_live(stream: Any) -> bool:
    """Whether `stream` shows a line that is written over: a terminal or a notebook."""
    if type(stream).__module__.startswith("ipykernel"):
        return True
    tty = getattr(stream, "isatty", None)
    return bool(tty and tty()) and os.environ.get("TERM") != "dumb"


def _bar_characters(stream: Any) -> tuple[str, str]:
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        "━─".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "=", "."
    return "━", "─"


def format_number(value: float) -> str:
    """Four decimals, or scientific notation for what they would not show."""
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"


def format_duration(seconds: float) -> str:
    """`12s`, `3:05` or `1:02:03`."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if whole >= 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"


def _number(value: Any) -> float:
    """One number to show: the mean where a metric has many, as one for each class."""
    return value if type(value) is float else float(np.mean(value))


class Progbar:
    """Shows how far a long loop has come.

    Args:
        target: Number of steps, or None when unknown.
        width: Width of the bar in characters. Defaults to 20.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: Seconds between two updates. Defaults to 0.05.
        stateful_metrics: Names of values shown as they are; other values are averaged over the
            steps. None averages all.
        unit_name: Word for a step. Defaults to `"step"`.
        label: Text before the counts on plain lines.

    Source: `keras.utils.Progbar`.

    >>> import minidl
    >>> bar = minidl.utils.Progbar(2, verbose=0)
    >>> bar.update(1, [("loss", 0.5)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
        label: str = "",
    ):
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self.unit_name = unit_name
        self.label = label
        self.live = verbose == 1 and _is_live(sys.stdout)
        self._characters = _bar_characters(sys.stdout)
        self._sums: dict[str, list[float]] = {}
        self._seen = 0
        self._start = time.monotonic()
        self._after_first: float | None = None
        self.next_draw = 0.0  # nothing is worth doing before that moment
        self._drawn = 0

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Show step `current`.

        Args:
            current: Number of steps done.
            values: Pairs of name and value.
            finalize: Whether this is the last; None for `current >= target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            if name in self.stateful_metrics or finalize:
                self._sums[name] = [_number(value), 1]
            else:
                sums = self._sums.setdefault(name, [0.0, 0])
                sums[0] += _number(value) * steps
                sums[1] += steps
        self._seen = current
        now = time.monotonic()
        if current >= 1:
            self.mark_first()
        if self.verbose == 0 or (not finalize and (not self.live or now < self.next_draw)):
            return
        self.next_draw = now + self.interval
        if self.live:
            self._draw(current, now, finalize)
        else:
            print(self._plain(current, now), flush=True)

    def mark_first(self) -> None:
        """Note the time of the first step, which the time per step leaves out."""
        if self._after_first is None:
            self._after_first = time.monotonic()

    def add(self, n: int, values: Any = None) -> None:
        """Show `n` more steps."""
        self.update(self._seen + n, values)

    def _values(self) -> str:
        return "".join(
            f" - {name}: {format_number(total / max(1, count))}"
            for name, (total, count) in self._sums.items()
        )

    def _step_time(self, current: int, now: float) -> str:
        """Time per step; the first one, which warms up, is left out when there are more."""
        if current > 1 and self._after_first is not None:
            each = (now - self._after_first) / (current - 1)
        else:
            each = (now - self._start) / max(1, current)
        if each >= 1:
            return f"{each:.0f}s/{self.unit_name}"
        if each >= 1e-3:
            return f"{each * 1e3:.0f}ms/{self.unit_name}"
        return f"{each * 1e6:.0f}us/{self.unit_name}"

    def _count(self, current: int) -> str:
        if self.target is None:
            return f"{current}/?"
        return f"{current:{len(str(self.target))}d}/{self.target}"

    def _plain(self, current: int, now: float) -> str:
        took = f"{now - self._start:.0f}s"
        head = f"{self.label} - " if self.label else ""
        step = self._step_time(current, now)
        return f"{head}{self._count(current)} - {took} - {step}{self._values()}"

    def _draw(self, current: int, now: float, finalize: bool) -> None:
        parts = [self._count(current)]
        if self.target:
            full, empty = self._characters
            done = min(self.width, int(self.width * current / self.target))
            parts.append(full * done + empty * (self.width - done))
        took = now - self._start
        if finalize or not self.target or current == 0:
            parts.append(format_duration(took))
        else:
            parts.append(format_duration(took / current * (self.target - current)))
        line = f"{' '.join(parts)} {self._step_time(current, now)}{self._values()}"
        if not finalize and sys.stdout.isatty():  # a line that wraps cannot be written over
            line = line[: shutil.get_terminal_size().columns - 1]
        padding = " " * max(0, self._drawn - len(line))
        sys.stdout.write(f"\r{line}{padding}" + ("\n" if finalize else ""))
        sys.stdout.flush()
        self._drawn = len(line)
