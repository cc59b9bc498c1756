"""The engine: threads, memory, what it was built for."""

from __future__ import annotations

import numpy as np

from . import _core
from ._version import __version__


def set_num_threads(n: int) -> None:
    """Set how many threads the kernels use; results do not depend on it.

    Args:
        n: A positive integer. The environment variable MINIDL_NUM_THREADS sets the start value.

    Raises:
        ValueError: `n` is no positive integer.

    >>> import minidl
    >>> minidl.set_num_threads(1)
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"`n` must be a positive integer. Received: n={n!r}")
    _core.set_num_threads(int(n))


def release_memory() -> None:
    """Give the memory that the engine keeps for later use back to the system.

    >>> import minidl
    >>> minidl.release_memory()
    """
    _core.release_memory()


def _allocator() -> str:
    stats = _core.allocator_stats()
    if not stats.get("enabled", True):
        return "plain (the cache is switched off)"
    mib = 2**20
    return (
        f"caching, {stats['cached_bytes'] / mib:.1f} MiB kept of at most "
        f"{stats['cap_bytes'] / mib:.0f} MiB, {stats['hits']} hits, {stats['misses']} misses"
    )


def describe() -> dict[str, str]:
    """Facts for bug reports, by name."""
    import platform
    import sys

    build = _core.build_info()
    available = list(_core.isa_available())
    return {
        "minidl": __version__,
        "Python": f"{platform.python_version()} ({sys.platform}, {platform.machine()})",
        "NumPy": np.__version__,
        "instruction set": f"{_core.isa()} (available: {', '.join(available)})",
        "threads": str(_core.num_threads()),
        "allocator": _allocator(),
        "kernels": str(len(_core.kernel_names())),
        "CUDA": "no: this build has no CUDA module",
        "compiler": str(build.get("compiler", "unknown")),
    }


def show_config() -> None:
    """Print version, instruction set, threads, allocator and build, for bug reports.

    >>> import minidl
    >>> minidl.show_config()
    minidl ...
    """
    facts = describe()
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")
