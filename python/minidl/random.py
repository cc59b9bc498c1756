"""Random numbers: a seed and a counter, so that the whole state is two integers.

Every draw asks a `SeedGenerator` for the next 64-bit seed and makes its numbers from that
alone. Two runs with one seed are therefore equal to the bit, whatever the thread count.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from .config import floatx

_MASK = (1 << 64) - 1


def _mix(z: int) -> int:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): spreads a counter over 64 bits."""
    z = (z + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def derive(seed: int, *numbers: int) -> int:
    """A seed for one part of what `seed` stands for: the same for the same numbers."""
    for number in numbers:
        seed = _mix(_mix(seed & _MASK) ^ number)
    return seed >> 1


class _Scope(threading.local):
    """The seed that stands in for the order of draws, per thread; None for none."""

    seed: int | None = None
    count = 0


_scope = _Scope()


@contextlib.contextmanager
def seed_scope(seed: int) -> Iterator[None]:
    """Within it, what this thread draws depends on `seed` and not on what other threads draw.

    Args:
        seed: An integer, one for each piece of work.
    """
    outer = _scope.seed, _scope.count
    _scope.seed, _scope.count = seed, 0
    try:
        yield
    finally:
        _scope.seed, _scope.count = outer


class SeedGenerator:
    """A source of seeds: each call of `next` gives another one.

    Args:
        seed: An integer, or None to take one from the global generator.
        name: Ignored but kept in the config, as in Keras.

    Raises:
        ValueError: `seed` is no integer.

    Source: `keras.random.SeedGenerator`.

    >>> import minidl
    >>> a, b = minidl.random.SeedGenerator(7), minidl.random.SeedGenerator(7)
    >>> [a.next(), a.next()] == [b.next(), b.next()]
    True
    """

    def __init__(self, seed: int | None = None, name: str | None = None):
        self._initial_seed = seed
        self.name = name or "seed_generator"
        if seed is None:
            seed = next_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed!r}")
        self._seed = int(seed)
        self._count = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """The next seed, an integer in [0, 2**63)."""
        if _scope.seed is not None:
            _scope.count += 1
            return derive(self._seed, _scope.seed, _scope.count)
        with self._lock:
            count = self._count
            self._count = count + 1
        return _mix(_mix(self._seed & _MASK) ^ count) >> 1

    @property
    def state(self) -> tuple[int, int]:
        """Seed and counter: all there is to save."""
        return (self._seed, self._count)

    @state.setter
    def state(self, value: tuple[int, int]) -> None:
        self._seed, self._count = int(value[0]), int(value[1])

    def get_config(self) -> dict:
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> SeedGenerator:
        return cls(**config)


def _entropy() -> int:
    import os

    return int.from_bytes(os.urandom(7), "little")


_global = SeedGenerator(_entropy())


def next_seed() -> int:
    """The next seed of the global generator."""
    return _global.next()


def set_random_seed(seed: int) -> None:
    """Seed minidl's generator, NumPy's global one and Python's `random`.

    Args:
        seed: An integer in [0, 2**32).

    Raises:
        ValueError: `seed` is no integer in that range.

    Source: `keras.utils.set_random_seed`.

    >>> import minidl
    >>> minidl.set_random_seed(0)
    >>> first = minidl.random.normal((2,))
    >>> minidl.set_random_seed(0)
    >>> bool((first == minidl.random.normal((2,))).all())
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"`seed` must be an integer. Received: seed={seed!r}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"`seed` must lie in [0, 2**32). Received: seed={seed}")
    import random as python_random

    python_random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 (users' code may draw from it)
    _global.state = (int(seed), 0)


def generator(seed: Any = None) -> np.random.Generator:
    """A NumPy generator for one draw.

    Args:
        seed: None (the global generator's next seed), an integer, or a `SeedGenerator`.
    """
    if seed is None:
        seed = next_seed()
    elif isinstance(seed, SeedGenerator):
        seed = seed.next()
    elif isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(
            f"`seed` must be an integer, a SeedGenerator or None. Received: seed={seed!r}"
        )
    return np.random.Generator(np.random.PCG64(_mix(int(seed) & _MASK)))


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None) -> np.ndarray:
    """Draw from a normal distribution.

    Args:
        shape: Tuple of dimensions.
        mean: Mean. Defaults to 0.
        stddev: Standard deviation. Defaults to 1.
        dtype: `"float32"` or `"float64"`; None for the default.
        seed: None, an integer, or a `SeedGenerator`.

    Returns:
        A NumPy array.

    Source: `keras.random.normal`.
    """
    dtype = np.dtype(dtype or floatx())
    x = generator(seed).standard_normal(tuple(shape), dtype=dtype)
    return x * dtype.type(stddev) + dtype.type(mean)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None) -> np.ndarray:
    """Draw from [minval, maxval).

    Args:
        shape: Tuple of dimensions.
        minval: Lower end. Defaults to 0.
        maxval: Upper end, excluded. Defaults to 1.
        dtype: `"float32"` or `"float64"`; None for the default.
        seed: None, an integer, or a `SeedGenerator`.

    Returns:
        A NumPy array.

    Source: `keras.random.uniform`.
    """
    dtype = np.dtype(dtype or floatx())
    x = generator(seed).random(tuple(shape), dtype=dtype)
    return x * dtype.type(maxval - minval) + dtype.type(minval)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None) -> np.ndarray:
    """Draw from a normal distribution cut off at two standard deviations.

    Args:
        shape: Tuple of dimensions.
        mean: Mean before the cut. Defaults to 0.
        stddev: Standard deviation before the cut. Defaults to 1.
        dtype: `"float32"` or `"float64"`; None for the default.
        seed: None, an integer, or a `SeedGenerator`.

    Returns:
        A NumPy array.

    Source: `keras.random.truncated_normal`.
    """
    dtype = np.dtype(dtype or floatx())
    rng = generator(seed)
    x = rng.standard_normal(tuple(shape), dtype=dtype)
    outside = np.abs(x) > 2.0
    while outside.any():  # redraw what fell outside; 4.6 % the first time
        x[outside] = rng.standard_normal(int(outside.sum()), dtype=dtype)
        outside = np.abs(x) > 2.0
    return x * dtype.type(stddev) + dtype.type(mean)


def permutation(n: int, seed: Any = None) -> np.ndarray:
    """A random order of `range(n)`."""
    return generator(seed).permutation(n)
