"""What this machine is, and its two ceilings: arithmetic (FMA loop) and memory (triad)."""

import functools
import importlib.metadata
import os
import platform
import time
from pathlib import Path

import numpy as np
from minidl import _core

from bench.timing import Call


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
