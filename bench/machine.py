"""What this machine is, and its two ceilings: arithmetic (FMA loop) and memory (triad)."""

import importlib.metadata
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from minidl import _core


def cpu_name() -> str:
    """The processor's name as the kernel tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def peak(threads: int) -> float:
    """GFLOP/s of a float32 FMA loop that never leaves the registers, on all threads at once."""
    with ThreadPoolExecutor(threads) as pool:
        runs = [sum(pool.map(_core.bench_fma, ["float32"] * threads)) for _ in range(3)]
    return max(runs)


def triad(threads: int) -> float:
    """GB/s of a STREAM triad (24 bytes an element) far larger than any cache."""
    before = _core.num_threads()
    _core.set_num_threads(threads)
    try:
        return max(_core.bench_triad(16_000_000) for _ in range(3))
    finally:
        _core.set_num_threads(before)


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
