"""What this machine is, and its ceilings: arithmetic (FMA loop) and memory (triad, moves)."""

import functools
import importlib.metadata
import itertools
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from minidl import _core

from bench.timing import Call, aligned


def cpu_name() -> str:
    """The processor's name as the kernel tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


FMA_LOOPS = 1_000_000  # about 1.5 ms with AVX-512
TRIAD_VALUES = 16_000_000  # three vectors of 128 MB: larger than any cache


def peak_call() -> Call:
    """A float32 FMA loop that never leaves the registers, on all set threads at once."""
    return Call(lambda: _core.bench_fma("float32", FMA_LOOPS))


@functools.cache
def _triad_vectors() -> tuple[np.ndarray, ...]:
    return tuple(np.full(TRIAD_VALUES, value) for value in (0.0, 1.0, 2.0))


def triad_call() -> Call:
    """A STREAM triad (24 bytes an element) far larger than any cache, on all set threads."""
    vectors = _triad_vectors()
    return Call(lambda: _core.bench_triad(*vectors))


@dataclass(frozen=True)
class Moves:
    """What a row must move, whoever computes it.

    values: float32 values of an array. passes: arrays read (1 or 2) and written (0 or 1) by each
    pass over them. sets: how many sets of inputs take turns.
    """

    values: int
    passes: tuple[tuple[int, int], ...]
    sets: int = 1


def move_call(moves: Moves, streams: bool) -> Call:
    """The passes of a row without its arithmetic; results go past the caches with `streams`."""
    reads = max(read for read, _ in moves.passes)
    rng = np.random.default_rng(0)
    sets = itertools.cycle(
        [
            [aligned(rng.random(moves.values, np.float32)) for _ in range(reads)]
            for _ in range(moves.sets)
        ]
    )
    # A pass writes where the last run's did, as results from an allocator that caches do.
    results = [
        aligned(np.zeros(moves.values, np.float32)) if writes else None
        for _, writes in moves.passes
    ]

    def run():
        inputs = next(sets)
        for (read, _), result in zip(moves.passes, results, strict=True):
            second = inputs[1] if read == 2 else None
            _core.bench_move(inputs[0], second, result, streams)

    return Call(run)


LIMITS = {"peak": peak_call, "triad": triad_call}


def limit(name: str, runs: int = 8) -> float:
    """GFLOP/s or GB/s of a limit: the best of a few runs in a row."""
    call = LIMITS[name]()
    best = 0.0
    for _ in range(runs):
        begin = time.perf_counter()
        work = call.run()
        best = max(best, float(work) / (time.perf_counter() - begin) * 1e-9)
    return best


def version(package: str) -> str | None:
    """Version of an installed package, None when it is not there."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def numpy_kernel() -> str:
    """Which BLAS NumPy multiplies with, and the kernel it chose, where threadpoolctl can tell."""
    try:
        import threadpoolctl
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    one = np.ones((8, 8))
    one @ one
    libraries = [
        f"{lib['internal_api']} {lib['version']} {lib.get('architecture', '')}".strip()
        for lib in threadpoolctl.threadpool_info()
        if lib["user_api"] == "blas"
    ]
    return ", ".join(libraries) or "unknown"


def describe() -> dict[str, str]:
    """Everything a reader needs to judge a figure."""
    found = {name: version(name) for name in ("minidl", "numpy", "torch")}
    return {
        "cpu": cpu_name(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "isa": _core.isa(),
        "compiler": _core.build_info()["compiler"],
        "numpy_blas": numpy_kernel(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "versions": ", ".join(f"{name} {v}" for name, v in found.items() if v),
    }
