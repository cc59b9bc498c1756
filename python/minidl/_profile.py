"""Where the time goes: per op, per layer, as a table, as numbers, as a trace."""

from __future__ import annotations

import functools
import json
import os
import threading
from bisect import bisect_right
from collections import defaultdict
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from . import _core
from ._profiler import Kernel, Span, recorder

__all__ = ["profile"]

_SHARE_FROM = 100e-6  # seconds in a kernel from which its share of the peak means something


class profile:
    """Notes the time of every op and layer, forward and backward, in a `with` block.

    Profiles may be nested, and see the ops of all threads. An exception that leaves the block
    passes on; what ran before it stays on record. Outside the block nothing is noted and nothing
    is slower. Inside, a call of a layer costs some microseconds more.

    Attributes:
        ops: a dict for each kernel that ran, slowest first: `name`, `calls`, `seconds`, `bytes` of
            the arrays read and written, `flops` (0 where their number says little), `gflops` per
            second, `share` of the machine's peak arithmetic at the set number of threads (None
            where `flops` is 0), `gbytes` per second.
        layers: a dict for each layer, slowest first: `name` (the layers around it first), `calls`,
            `forward` and `backward` (seconds in it, without those of layers inside it), `kernels`
            (seconds of these in kernels), `bytes`, `flops`. What runs outside of layers, as losses
            and optimizers do, has the name `"(outside layers)"`.
        seconds: the time of the whole block.

    Raises:
        RuntimeError: the figures are asked for before the block has ended, or it is entered twice.

    >>> import minidl
    >>> model = minidl.Sequential([minidl.Input((8,)), minidl.layers.Dense(4, name="dense")])
    >>> with minidl.profile() as p:
    ...     y = model.predict_on_batch(minidl.ops.ones((2, 8)))
    >>> [(op["name"], op["calls"], op["flops"]) for op in p.ops]
    [('matmul', 1, 128.0)]
    >>> [layer["calls"] for layer in p.layers if layer["name"].endswith("/dense")]
    [1]
    """

    def __init__(self) -> None:
        self._start: tuple[int, int] | None = None
        self._kernels: list[Kernel] | None = None
        self._spans: list[Span] = []
        self._begin = self._end = self._thread = 0

    def __enter__(self) -> profile:
        if self._start is not None:
            raise RuntimeError("This profile has been used; make another with minidl.profile().")
        self._start = recorder.start()
        self._thread = threading.get_ident()
        self._begin = perf_counter_ns()
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._end = perf_counter_ns()
        assert self._start is not None
        kernels, spans = recorder.stop(self._start)
        # A layer that was entered before the block is none of its own.
        self._spans = [span for span in spans if span.begin >= self._begin]
        self._kernels = [k for k in kernels if k.begin >= self._begin and k.end <= self._end]

    def _finished(self) -> list[Kernel]:
        if self._kernels is None:
            raise RuntimeError("The profile has no figures before its `with` block has ended.")
        return self._kernels

    @property
    def seconds(self) -> float:
        self._finished()
        return (self._end - self._begin) * 1e-9

    @functools.cached_property
    def ops(self) -> list[dict[str, Any]]:
        found: dict[tuple[str, str], list[Kernel]] = defaultdict(list)
        for kernel in self._finished():
            found[kernel.name, kernel.dtype].append(kernel)
        rows = []
        for (name, dtype), calls in found.items():
            seconds = sum(k.end - k.begin for k in calls) * 1e-9
            flops, moved = sum(k.flops for k in calls), sum(k.bytes for k in calls)
            known = flops > 0 and seconds >= _SHARE_FROM
            rows.append(
                {
                    "name": name if dtype == "float32" else f"{name} ({dtype})",
                    "calls": len(calls),
                    "seconds": seconds,
                    "bytes": moved,
                    "flops": flops,
                    "gflops": flops / seconds * 1e-9 if seconds else 0.0,
                    "gbytes": moved / seconds * 1e-9 if seconds else 0.0,
                    "share": flops / seconds / _peak(dtype, _core.isa(), _core.num_threads())
                    if known
                    else None,
                }
            )
        return sorted(rows, key=lambda row: -row["seconds"])

    @functools.cached_property
    def layers(self) -> list[dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}

        def row(path: tuple[str, ...] | None) -> dict[str, Any]:
            name = "/".join(path) if path else "(outside layers)"
            empty = {"name": name, "calls": 0, "forward": 0.0, "backward": 0.0}
            return rows.setdefault(name, empty | {"kernels": 0.0, "bytes": 0, "flops": 0.0})

        where = _Nesting(self._spans)
        outside = self.seconds
        for span, own in where.own_times():
            found = row(span.path)
            found["calls"] += span.phase == "forward"
            found[span.phase] += own * 1e-9
            if span.thread == self._thread:
                outside -= own * 1e-9
        for kernel in self._finished():
            inside = where.innermost(kernel.thread, kernel.begin)
            found = row(inside.path if inside else None)
            found["kernels"] += (kernel.end - kernel.begin) * 1e-9
            found["bytes"] += kernel.bytes
            found["flops"] += kernel.flops
        row(None)["forward"] += outside
        return sorted(rows.values(), key=lambda found: -(found["forward"] + found["backward"]))

    def to_dict(self) -> dict[str, Any]:
        """All figures, of numbers and strings only, so that they can be written as JSON."""
        return {"seconds": self.seconds, "ops": self.ops, "layers": self.layers}

    def save_trace(self, path: str | os.PathLike) -> None:
        """Write a file that `chrome://tracing` and ui.perfetto.dev show as a timeline.

        Args:
            path: where to, a `.json` file by custom.
        """
        process = os.getpid()

        def event(name: str, kind: str, at: Kernel | Span, args: dict) -> dict[str, Any]:
            times = {"ts": (at.begin - self._begin) / 1000, "dur": (at.end - at.begin) / 1000}
            place = {"pid": process, "tid": at.thread}
            return {"name": name, "cat": kind, "ph": "X", **times, **place, "args": args}

        events = [event("/".join(s.path), s.phase, s, {}) for s in self._spans]
        for k in self._finished():
            events.append(event(k.name, "kernel", k, {"bytes": k.bytes, "flops": k.flops}))
        events.sort(key=lambda e: (e["ts"], -e["dur"]))
        text = json.dumps({"traceEvents": events, "displayTimeUnit": "ms"})
        Path(path).write_text(text)

    def __str__(self) -> str:
        if self._kernels is None:
            return repr(self)
        busy = sum(op["seconds"] for op in self.ops)
        lines = [f"{self.seconds * 1e3:.2f} ms, of which {busy * 1e3:.2f} in kernels", ""]
        lines.append(
            f"{'op':<28}{'calls':>7}{'ms':>10}{'%':>6}{'GFLOP/s':>9}{'peak':>6}{'GB/s':>7}"
        )
        for op in self.ops:
            rate = f"{op['gflops']:.0f}" if op["flops"] else ""
            share = f"{op['share']:.2f}" if op["share"] is not None else ""
            part = 100 * op["seconds"] / self.seconds
            lines.append(
                f"{op['name']:<28}{op['calls']:>7}{op['seconds'] * 1e3:>10.3f}{part:>6.1f}"
                f"{rate:>9}{share:>6}{op['gbytes']:>7.1f}"
            )
        width = max(28, *(len(found["name"]) + 2 for found in self.layers))
        lines += [
            "",
            f"{'layer':<{width}}{'calls':>7}{'forward':>10}{'backward':>10}{'kernels':>10}",
        ]
        for found in self.layers:
            times = (found["forward"], found["backward"], found["kernels"])
            cells = "".join(f"{t * 1e3:>10.3f}" for t in times)
            lines.append(f"{found['name']:<{width}}{found['calls']:>7}{cells}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        if self._kernels is None:
            return "<profile, not yet ended>"
        return f"<profile of {self.seconds * 1e3:.2f} ms, {len(self._kernels)} calls of kernels>"


class _Nesting:
    """Which spans lie in which: those of one thread are nested or apart."""

    def __init__(self, spans: list[Span]):
        self._of: dict[int, list[Span]] = defaultdict(list)
        for span in sorted(spans, key=lambda s: (s.begin, -s.end)):
            self._of[span.thread].append(span)
        self._begins = {thread: [s.begin for s in of] for thread, of in self._of.items()}
        self._parent: dict[int, Span | None] = {}
        self._inside: dict[int, int] = defaultdict(int)
        for of in self._of.values():
            stack: list[Span] = []
            for span in of:
                while stack and stack[-1].end <= span.begin:
                    stack.pop()
                self._parent[id(span)] = stack[-1] if stack else None
                if stack:
                    self._inside[id(stack[-1])] += span.end - span.begin
                stack.append(span)

    def own_times(self) -> list[tuple[Span, int]]:
        """Each span with its time outside of those in it."""
        every = [span for of in self._of.values() for span in of]
        return [(span, span.end - span.begin - self._inside[id(span)]) for span in every]

    def innermost(self, thread: int, moment: int) -> Span | None:
        of = self._of.get(thread)
        if not of:
            return None
        place = bisect_right(self._begins[thread], moment) - 1
        span = of[place] if place >= 0 else None
        while span is not None and span.end < moment:
            span = self._parent[id(span)]
        return span


@functools.cache
def _peak(dtype: str, isa: str, threads: int) -> float:
    """FLOP/s of a loop that never leaves the registers, the best of a few runs."""
    del isa, threads  # the figure is theirs
    best = 0.0
    for _ in range(12):
        begin = perf_counter_ns()
        done = float(_core.bench_fma(dtype, 300_000))
        best = max(best, done / (perf_counter_ns() - begin) * 1e9)
    return best
