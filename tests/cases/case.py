"""One configuration of one kernel or op, and the maker of its inputs.

A case feeds the parity test (kernel against reference), the gradient check (op against
central differences) and the benchmark, so that no op has one without the others.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from minidl import ops


class Make:
    """Inputs from a seed: `make.normal(2, 3)` is a float array of the dtype under test.

    `make.n(4)` is a batch size that becomes 1 in the size-1-dimension variant of a check, and
    `strided=True` hands every float array out as a view with gaps.
    """

    def __init__(self, seed=0, dtype=np.float32, *, ones=False, strided=False):
        self.rng = np.random.default_rng(seed)
        self.dtype = np.dtype(dtype)
        self.ones = ones
        self.strided = strided

    def n(self, size: int) -> int:
        return 1 if self.ones else size

    def array(self, values) -> np.ndarray:
        values = np.asarray(values, self.dtype)
        return with_gaps(values) if self.strided else values

    def normal(self, *shape) -> np.ndarray:
        return self.array(self.rng.standard_normal(shape))

    def uniform(self, low, high, *shape) -> np.ndarray:
        return self.array(self.rng.uniform(low, high, shape))

    def nonzero(self, *shape) -> np.ndarray:
        """Both signs, at least 0.1 from zero: nothing within reach of a kink there."""
        sign = self.rng.choice([-1.0, 1.0], shape)
        return self.array(sign * self.rng.uniform(0.1, 3.0, shape))

    def distinct(self, *shape) -> np.ndarray:
        """All values at least 1/64 apart, so that the place of a maximum is no accident."""
        size = int(np.prod(shape))
        values = (self.rng.permutation(size) - size // 2 + 0.25) / 64
        return self.array(values.reshape(shape))

    def integers(self, low, high, *shape) -> np.ndarray:
        return self.array(self.rng.integers(low, high, shape, endpoint=True))

    def labels(self, count, classes, dtype=np.int64) -> np.ndarray:
        return self.rng.integers(0, classes, count).astype(dtype)

    def distributions(self, count, classes) -> np.ndarray:
        weights = self.rng.uniform(0.1, 1.0, (count, classes))
        return self.array(weights / weights.sum(-1, keepdims=True))


def with_gaps(values: np.ndarray) -> np.ndarray:
    """The same values in a buffer with a NaN between every two of them."""
    if values.ndim == 0:
        return values
    buffer = np.full((*values.shape[:-1], 2 * values.shape[-1]), np.nan, values.dtype)
    view = buffer[..., ::2]
    view[...] = values
    return view


def op(name: str) -> Callable:
    """The op of that name, looked up when it is called: a missing one fails its own tests only."""

    def call(*args):
        return getattr(ops, name)(*args)

    return call


@dataclass(frozen=True)
class Case:
    """A configuration: how to make the arguments, and what holds for them.

    kernel: name in `minidl._core` and in `tests.references`; "" for an op without a kernel.
    make: from a `Make` to the positional arguments of the kernel.
    kwargs: its keyword arguments.
    terms: length of the longest sum in a result; tolerances grow with its root.
    op: the same computation through `minidl.ops`, called with the same arguments.
    wrt: which positional arguments it is differentiated by.
    changes: which positional arguments the kernel writes to (optimizers), None otherwise.
    row: the row of the speed targets that this case is.
    """

    kernel: str
    name: str
    make: Callable[[Make], tuple]
    kwargs: dict[str, Any] = field(default_factory=dict)
    terms: int = 1
    op: Callable | None = None
    wrt: tuple[int, ...] = ()
    changes: tuple[int, ...] = ()
    row: str = ""

    @property
    def id(self) -> str:
        return f"{self.kernel or 'op'}-{self.name}"
