"""What a row of the comparison is, and the list of all of them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from minidl import _core

from bench.machine import Moves
from bench.timing import Call, aligned
from tests.cases import Make, all_cases

CACHE = 128 << 20  # rotate over this many bytes where memory is the limit

# Batch or group norm: moments of x, y; then sums over x and dy, dx.
NORM_PASSES = (1, 0), (1, 1), (2, 0), (2, 1)


@dataclass(frozen=True)
class Row:
    """One row of the speed targets.

    build: makes the calls of all libraries, ours under "minidl".
    flops, bytes: the work of one run, where a share of the machine's limit means something.
    limit: "peak", "triad" or "" for none.
    moves: the passes over memory that no library can do without, where memory is the limit.
    target: the ratio `best peer / minidl` to reach; share: of the limit.
    """

    name: str
    build: Callable[[], dict[str, Call]]
    flops: float = 0.0
    bytes: float = 0.0
    limit: str = ""
    target: float = 1.0
    share: float = 0.0
    tolerance: float = 1e-3
    moves: Moves | None = None


def arguments(row: str, kernel: str, copies: int = 1) -> list[tuple]:
    """Inputs of the case of that row and kernel, made `copies` times from different seeds."""
    case = next(c for c in all_cases() if c.row == row and c.kernel == kernel)
    return [tuple(map(aligned, case.make(Make(seed, np.float32)))) for seed in range(copies)]


def rotating(function: Callable, sets: list[tuple]) -> Callable[[], object]:
    """A call that takes the next set of arguments each time, so that no cache holds them."""
    if len(sets) == 1:
        args = sets[0]
        return lambda: function(*args)
    turns = itertools.cycle(sets)
    return lambda: function(*next(turns))


def fixed(function: Callable, *args) -> Callable[[], object]:
    return lambda: function(*args)


def kernel(name: str) -> Callable:
    return getattr(_core, name)


def all_rows() -> list[Row]:
    """Every row, in the order of the targets."""
    from bench import (
        rows_attention,
        rows_convolution,
        rows_kernels,
        rows_models,
        rows_recurrent,
        rows_sequences,
        rows_streaming,
        rows_training,
    )

    return [
        *rows_kernels.ROWS,
        *rows_convolution.ROWS,
        *rows_attention.ROWS,
        *rows_recurrent.ROWS,
        *rows_streaming.ROWS,
        *rows_training.ROWS,
        *rows_sequences.ROWS,
        *rows_models.ROWS,
    ]
