"""Interleaved timing of several libraries, and the check that they compute the same."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

REST = 0.025  # seconds between libraries: an idle OpenMP worker spins for milliseconds
SLICE = 0.006  # seconds one library is timed before the next has its turn


@dataclass
class Call:
    """One library's way to do a row's work.

    run: does the work once. result: from what `run` returned to NumPy arrays in our layout.
    """

    run: Callable[[], object]
    result: Callable[[object], list[np.ndarray]] | None = None

    def arrays(self) -> list[np.ndarray]:
        out = self.run()
        return self.result(out) if self.result else [np.asarray(a) for a in _list(out)]


def _list(out):
    return list(out) if isinstance(out, (list, tuple)) else [out]


def aligned(value):
    """An array as a copy at a multiple of 64 bytes, where the results of every library begin.

    NumPy's own begin 16 bytes after one, and a vector would often lie in two cache lines.
    """
    if not isinstance(value, np.ndarray) or value.nbytes < 4096:
        return value
    room = np.empty(value.nbytes + 64, np.uint8)
    start = -room.ctypes.data % 64
    copy = room[start : start + value.nbytes].view(value.dtype).reshape(value.shape)
    copy[...] = value
    return copy


def check_agreement(calls: dict[str, Call], tolerance: float) -> None:
    """Raise AssertionError when two libraries differ: their times would mean nothing."""
    results = {library: call.arrays() for library, call in calls.items()}
    first, expected = next(iter(results.items()))
    for library, arrays in results.items():
        assert len(arrays) == len(expected), f"{library}: {len(arrays)} results, {first} {expected}"
        for got, right in zip(arrays, expected, strict=True):
            assert got.shape == right.shape, f"{library}: {got.shape}, {first}: {right.shape}"
            scale = float(np.abs(right).max()) + 1e-30
            error = float(np.abs(got - right).max()) / scale
            assert error <= tolerance, f"{library} differs from {first} by {error:.2g} of the scale"


def measure(calls: dict[str, Call], turns: int, seed: int = 0) -> dict[str, list[float]]:
    """Seconds per run of each library, one figure a turn; the order is drawn anew every turn."""
    order = random.Random(seed)
    loops = {library: _loops(call.run) for library, call in calls.items()}
    times: dict[str, list[float]] = {library: [] for library in calls}
    for _ in range(turns):
        libraries = list(calls)
        order.shuffle(libraries)
        for library in libraries:
            time.sleep(REST)
            times[library].append(_timed(calls[library].run, loops[library]))
    return times


def _loops(run) -> int:
    run()
    begin = time.perf_counter()
    run()
    once = time.perf_counter() - begin
    return max(1, min(500, round(SLICE / max(once, 1e-7))))


def _timed(run, loops) -> float:
    run()  # wakes threads and warms what the sleep let go cold
    begin = time.perf_counter()
    for _ in range(loops):
        run()
    return (time.perf_counter() - begin) / loops


def median(values: list[float]) -> float:
    return statistics.median(values)


def spread(values: list[float]) -> float:
    """Interquartile range over the median: the noise of a figure."""
    if len(values) < 4:
        return 0.0
    quarters = statistics.quantiles(values, n=4)
    return (quarters[2] - quarters[0]) / quarters[1]
