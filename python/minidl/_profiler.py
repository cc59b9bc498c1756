"""What a stretch of code spends its time on: kernels as the engine sees them, layers around them.

Off, nothing is wrapped: the engine looks at one flag a kernel, the tape at one pointer an op.
Switched on, `Layer.__call__` is replaced by one that notes when each layer begins and ends, the
tape remembers the layer of every op and notes its gradient, and each kernel is noted by the thread
that calls it. Which layer a kernel belongs to is worked out afterwards, from thread and time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any, NamedTuple

from . import _core, _tape


class Kernel(NamedTuple):
    """One call of a kernel; times in nanoseconds of `time.perf_counter_ns`."""

    name: str
    dtype: str
    thread: int
    begin: int
    end: int
    bytes: int
    flops: float


class Span(NamedTuple):
    """One pass through a layer, or through the gradient of one of its ops."""

    path: tuple[str, ...]
    phase: str
    thread: int
    begin: int
    end: int


class Recorder:
    """The one that records, for all profiles that are open at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._local = threading.local()
        self._restore: list[tuple[type, Any]] = []
        self.spans: list[Span] = []

    def start(self) -> tuple[int, int]:
        """Where the events of a profile begin that is opened now."""
        with self._lock:
            self._open += 1
            if self._open == 1:
                self.spans = []
                _core.profile_start()
                self._wrap_layers()
                _tape.set_profiler(self)
            return _core.profile_count(), len(self.spans)

    def stop(self, start: tuple[int, int]) -> tuple[list[Kernel], list[Span]]:
        """The events since `start`."""
        with self._lock:
            kernels = [Kernel(*event) for event in _core.profile_events(start[0])]
            spans = self.spans[start[1] :]
            self._open -= 1
            if self._open == 0:
                _tape.set_profiler(None)
                for kind, call in self._restore:
                    kind.__call__ = call  # type: ignore[method-assign]
                self._restore = []
                _core.profile_stop()
            return kernels, spans

    def _wrap_layers(self) -> None:
        from .layers._calling import CallingMixin
        from .models._folding import Folded

        for kind in (CallingMixin, Folded):
            call = kind.__call__
            kind.__call__ = self._timed(call)  # type: ignore[method-assign]
            self._restore.append((kind, call))

    def _timed(self, call: Any) -> Any:
        def timed(layer: Any, *args: Any, **kwargs: Any) -> Any:
            path = (*(self.scope() or ()), layer.name)
            with self._span(path, "forward"):
                return call(layer, *args, **kwargs)

        return timed

    def scope(self) -> tuple[str, ...] | None:
        """Names of the layers this thread is in, outermost first."""
        return getattr(self._local, "path", None)

    def within(self, path: tuple[str, ...]) -> Any:
        """A context for the gradient of an op that was recorded in the layer at `path`."""
        return self._span(path, "backward")

    @contextmanager
    def _span(self, path: tuple[str, ...], phase: str) -> Iterator[None]:
        outer = self.scope()
        self._local.path = path
        begin = perf_counter_ns()
        try:
            yield
        finally:
            self.spans.append(Span(path, phase, threading.get_ident(), begin, perf_counter_ns()))
            self._local.path = outer


recorder = Recorder()
