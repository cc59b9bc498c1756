"""Steps that take several datasets."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..random import derive
from . import _elements
from ._steps import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from ._steps import count as positive
from ._steps import threads as wanted_threads

if TYPE_CHECKING:
    from .dataset import Dataset


class Combining:
    """What `Dataset` inherits."""

    _start: Callable[[int], Iterator]
    _cardinality: int

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """The elements of this dataset, then those of another."""
        known = (self._cardinality, dataset._cardinality)
        total = sum(known)
        for kind in (UNKNOWN_CARDINALITY, INFINITE_CARDINALITY):
            total = kind if kind in known else total

        def start(seed: int) -> Iterator:
            yield from self._start(derive(seed, 0))
            yield from dataset._start(derive(seed, 1))

        return _dataset(start, total)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Tuples of the elements of several datasets, as long as the shortest.

        Args:
            args: Datasets, or one tuple or dict of datasets.
            datasets: The same by name.
            name: Ignored.
        """
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        parts = _elements.leaves(structure)
        if not parts or not all(isinstance(p, Combining) for p in parts):
            raise TypeError(f"`zip` takes datasets. Received: {structure!r}")
        finite = [p._cardinality for p in parts if p._cardinality != INFINITE_CARDINALITY]
        known = min(finite, default=INFINITE_CARDINALITY)  # unknown is the least

        def start(seed: int) -> Iterator:
            running = [part._start(derive(seed, i)) for i, part in enumerate(parts)]
            for values in zip(*running, strict=False):
                rest = iter(values)
                yield _elements.map_leaves(lambda _, rest=rest: next(rest), structure)

        return _dataset(start, known)

    def interleave(
        self,
        map_func: Callable,
        cycle_length: int = 1,
        block_length: int = 1,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Elements of several datasets in turn; `map_func` makes one of each element.

        Args:
            map_func: From an element to a Dataset.
            cycle_length: How many of them take turns. Defaults to 1.
            block_length: Elements that one gives at its turn. Defaults to 1.
            num_parallel_calls: Threads that read ahead in each; None for none.
            deterministic: Elements keep their order in any case.
            name: Ignored.
        """
        width, block = (
            positive(cycle_length, "cycle_length"),
            positive(block_length, "block_length"),
        )
        threads = wanted_threads(num_parallel_calls)

        def start(seed: int) -> Iterator:
            made = enumerate(self._start(derive(seed, 0)))

            def opened() -> Iterator:
                for number, element in made:
                    inner = map_func(*element) if isinstance(element, tuple) else map_func(element)
                    inner = inner.prefetch(block) if threads else inner
                    yield inner._start(derive(seed, 1, number))

            source = opened()
            open_now = list(itertools.islice(source, width))
            while open_now:
                for slot, iterator in enumerate(open_now):
                    group = list(itertools.islice(iterator, block))
                    yield from group
                    if len(group) < block:
                        open_now[slot] = next(source, None)
                open_now = [iterator for iterator in open_now if iterator is not None]

        return _dataset(start)


def _dataset(start: Callable[[int], Iterator], cardinality: int = UNKNOWN_CARDINALITY) -> Dataset:
    from .dataset import Dataset

    return Dataset(start, cardinality)
