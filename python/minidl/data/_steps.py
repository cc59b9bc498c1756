"""What the steps of a dataset share: checks of arguments, the shuffle buffer, casts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..random import generator
from ._elements import frozen

AUTOTUNE = -1
"""As many threads as there are cores, or two elements ahead."""
INFINITE_CARDINALITY = -1
"""What `Dataset.cardinality` gives for a dataset without an end."""
UNKNOWN_CARDINALITY = -2
"""What `Dataset.cardinality` gives where only reading would tell."""
_NOTHING = object()


def freeze(a: Any) -> Any:
    return frozen(a) if isinstance(a, np.ndarray) else a


def cast(element: Any, dtypes: Any) -> Any:
    if dtypes is None:
        return element
    if isinstance(element, tuple):
        return tuple(cast(e, d) for e, d in zip(element, dtypes, strict=True))
    if isinstance(element, dict):
        return {k: cast(e, dtypes[k]) for k, e in element.items()}
    return element.astype(dtypes)


def shuffled(source: Iterator, size: int, seed: int) -> Iterator:
    """Each element drawn from the `size` next ones."""
    rng = generator(seed)
    buffer = list(itertools.islice(source, size))
    while buffer:
        for share in rng.random(min(1024, max(len(buffer), 16))).tolist():
            if not buffer:
                return
            place = int(share * len(buffer))
            element = buffer[place]
            fresh = next(source, _NOTHING)
            if fresh is _NOTHING:
                buffer[place] = buffer[-1]
                buffer.pop()
            else:
                buffer[place] = fresh
            yield element


def count(value: Any, name: str, least: int = 1) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"`{name}` must be an integer >= {least}. Received: {name}={value!r}")
    return int(value)


def threads(value: int | None) -> int:
    """The number of threads asked for; 0 for none."""
    if value is None:
        return 0
    return os.cpu_count() or 1 if value == AUTOTUNE else count(value, "num_parallel_calls")
