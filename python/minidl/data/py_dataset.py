"""PyDataset: batches by their number, written by the user."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from ..random import permutation
from ._threads import ordered_map


class PyDataset:
    """Base class for data whose batches can be made one by one, in any order.

    Subclasses write `__getitem__(index)`, which gives the batch `(x, y)`, and `__len__`. With
    `workers` above 1 batches are made ahead of time by that many threads, so `__getitem__` must
    not rely on the calls before it; NumPy and minidl let threads run side by side.

    Args:
        workers: Number of threads. Defaults to 1: batches are made where they are used.
        use_multiprocessing: Must be False: threads do the work.
        max_queue_size: Batches that threads may be ahead. Defaults to 10.

    Raises:
        ValueError: `use_multiprocessing=True`, or counts that are not positive.

    Source: `keras.utils.PyDataset`.

    >>> import minidl, numpy as np
    >>> class Squares(minidl.data.PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return np.full((2, 1), index), np.full((2, 1), index**2)
    >>> [y[0, 0].item() for x, y in Squares(workers=2)]
    [0, 1, 4]
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ):
        if use_multiprocessing:
            raise ValueError(
                "PyDataset works with threads, not processes: use_multiprocessing=False with "
                f"workers={max(workers, 2)}. Kernels and NumPy let threads run side by side."
            )
        for name, value in (("workers", workers), ("max_queue_size", max_queue_size)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
        self.workers = workers
        self.use_multiprocessing = False
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not implement `__getitem__`.")

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch; None for no end, which needs `steps_per_epoch`."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} needs `__len__` or `num_batches`.")

    def on_epoch_begin(self) -> None:
        """Called before each pass."""

    def on_epoch_end(self) -> None:
        """Called after each complete pass."""

    def __iter__(self) -> Iterator:
        return self._pass(shuffle=False)

    def _pass(self, shuffle: bool) -> Iterator:
        """The batches of one epoch."""
        self.on_epoch_begin()
        count = self.num_batches
        order: Any = itertools.count()
        if count is not None:
            order = permutation(count).tolist() if shuffle else range(count)
        # PyDataset of earlier Keras versions did without super().__init__
        workers = getattr(self, "workers", 1)
        if workers > 1:
            ahead = max(workers, getattr(self, "max_queue_size", 10))
            yield from ordered_map(self.__getitem__, order, workers, ahead)
        else:
            yield from map(self.__getitem__, order)
        self.on_epoch_end()


class Shuffled:
    """The batches of a PyDataset in another order each pass, as `fit` takes them."""

    def __init__(self, source: PyDataset):
        self.source = source
        self.num_batches = source.num_batches

    def __len__(self) -> int:
        if self.num_batches is None:
            raise TypeError("This PyDataset has no end.")
        return self.num_batches

    def __iter__(self) -> Iterator:
        return self.source._pass(shuffle=True)
