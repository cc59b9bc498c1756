"""The rows of arrays as a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _elements
from ._steps import count as positive
from ._steps import freeze, threads
from .dataset import Dataset


class Slices(Dataset):
    """Rows of arrays, in an order of numbers: shuffling moves numbers, batches are one gather."""

    def __init__(self, arrays: Any, order: Dataset | None = None):
        rows = {np.shape(a)[:1] for a in _elements.leaves(arrays)}
        if len(rows) != 1 or () in rows:
            raise ValueError(
                "All arrays must have rows, and the same number of them. "
                f"Received: shapes {[np.shape(a) for a in _elements.leaves(arrays)]}"
            )
        self._arrays = arrays
        length = rows.pop()[0]
        self._order = order or Dataset(lambda seed: iter(range(length)), length)
        super().__init__(lambda seed: map(self._row, self._order._start(seed)),
                         self._order._cardinality)  # fmt: skip

    def _row(self, number: int) -> Any:
        return _elements.map_leaves(lambda a: freeze(a[number]), self._arrays)

    def _rows(self, numbers: list[int]) -> Any:
        rows = np.asarray(numbers)
        return _elements.map_leaves(lambda a: a.take(rows, 0), self._arrays)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        order = self._order.shuffle(buffer_size, seed, reshuffle_each_iteration)
        return Slices(self._arrays, order)

    def repeat(self, count=None, name=None):
        return Slices(self._arrays, self._order.repeat(count))

    def take(self, count, name=None):
        return Slices(self._arrays, self._order.take(count))

    def skip(self, count, name=None):
        return Slices(self._arrays, self._order.skip(count))

    def shard(self, num_shards, index, name=None):
        return Slices(self._arrays, self._order.shard(num_shards, index))

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None,
              deterministic=None, name=None):  # fmt: skip
        groups = self._order._groups(positive(batch_size, "batch_size"), drop_remainder)
        threads(num_parallel_calls)
        return Dataset(lambda seed: map(self._rows, groups._start(seed)), groups._cardinality)
