"""Dataset: a chain of steps that makes elements when it is iterated."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..random import SeedGenerator, derive, next_seed, seed_scope
from . import _elements
from ._combining import Combining
from ._steps import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, cast, freeze, shuffled
from ._steps import count as positive
from ._steps import threads as wanted_threads
from ._threads import ordered_map, prefetch

# From the seed of a pass to an iterator. What is random in a pass is drawn from that seed, so
# that threads that read ahead change no result.
Start = Callable[[int], Iterator]


class Dataset(Combining):
    """Elements one after another: arrays, or tuples and dicts of arrays.

    Make one with `from_tensor_slices`, `from_generator` or `range`, and go on with `map`,
    `shuffle`, `batch`, `prefetch` and the rest: each gives a new dataset and computes nothing
    until it is iterated, by `for`, `fit`, `evaluate` or `predict`. What is random is
    reproducible under `set_random_seed`, with any number of threads, the random layers in
    functions of `map` included.

    Source: `tf.data.Dataset`, which Keras's examples use.

    >>> import minidl, numpy as np
    >>> x, y = np.arange(6.0), np.arange(6)
    >>> data = minidl.data.Dataset.from_tensor_slices((x, y)).map(lambda x, y: (x / 2, y)).batch(4)
    >>> [batch[0].shape for batch in data], len(data)
    ([(4,), (2,)], 2)
    """

    def __init__(self, start: Start, cardinality: int = UNKNOWN_CARDINALITY):
        self._start = start
        self._cardinality = cardinality

    def __iter__(self) -> Iterator:
        # A generator: nothing is drawn and no thread runs before the first element is asked for.
        yield from self._start(next_seed())

    def __len__(self) -> int:
        if self._cardinality < 0:
            kind = "infinite" if self._cardinality == INFINITE_CARDINALITY else "unknown"
            raise TypeError(f"The length of this dataset is {kind}.")
        return self._cardinality

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        words = {INFINITE_CARDINALITY: "infinite", UNKNOWN_CARDINALITY: "unknown"}
        return f"<Dataset length={words.get(self._cardinality, self._cardinality)}>"

    def cardinality(self) -> int:
        """The number of elements, `INFINITE_CARDINALITY` (-1) or `UNKNOWN_CARDINALITY` (-2).

        Example:
            >>> int(minidl.data.Dataset.range(5).batch(2).cardinality())
            3
        """
        return self._cardinality

    def as_numpy_iterator(self) -> Iterator:
        """An iterator over the elements; they are NumPy arrays anyway."""
        return iter(self)

    # -- where elements come from ---------------------------------------------------------------
    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """One element for each row of an array, or of several of one length.

        Args:
            tensors: Array, or tuple or dict of arrays.

        Raises:
            ValueError: lengths differ, or an array has no axes.
        """
        from ._slices import Slices

        return Slices(_elements.to_element(tensors))

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """A single element."""
        element = _elements.to_element(tensors)
        return Dataset(lambda seed: iter([element]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable],
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple = (),
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """Elements that a function yields; it is called anew for each pass.

        Args:
            generator: A function that gives an iterable, or an iterable that can be iterated
                again.
            output_types: A dtype, or a tuple or dict of them, to which elements are cast; None
                leaves them.
            output_shapes: Ignored: elements tell their shapes.
            args: Arguments of the function.
            output_signature: Ignored; `output_types` casts.
            name: Ignored.

        Raises:
            TypeError: what is given is neither callable nor iterable.
        """
        if not callable(generator) and not hasattr(generator, "__iter__"):
            raise TypeError(
                "`generator` must be a function that gives an iterable. "
                f"Received: {type(generator).__name__}"
            )

        def start(seed: int) -> Iterator:
            source = generator(*args) if callable(generator) else generator
            for element in source:
                yield cast(_elements.to_element(element), output_types)

        return Dataset(start)

    @staticmethod
    def range(*args: int, output_type: Any = "int64", name: str | None = None) -> Dataset:
        """The numbers of Python's `range`."""
        numbers = range(*args)
        dtype = np.dtype(output_type)
        return Dataset(lambda seed: (dtype.type(n) for n in numbers), len(numbers))

    # -- steps ----------------------------------------------------------------------------------
    def map(
        self,
        map_func: Callable,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """`map_func` of each element; tuples are its arguments one by one.

        Args:
            map_func: The function; it may give a tuple or dict.
            num_parallel_calls: Number of threads; None for none, `AUTOTUNE` for one a core.
            deterministic: Elements keep their order in any case.
            name: Ignored.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(4).map(lambda i: i * i)]
            [0, 1, 4, 9]
        """
        threads = wanted_threads(num_parallel_calls)

        def start(seed: int) -> Iterator:
            def call(numbered: tuple[int, Any]) -> Any:
                number, element = numbered
                with seed_scope(derive(seed, 1, number)):
                    out = map_func(*element) if isinstance(element, tuple) else map_func(element)
                return _elements.to_element(out)

            numbered = enumerate(self._start(derive(seed, 0)))
            return ordered_map(call, numbered, threads) if threads else map(call, numbered)

        return Dataset(start, self._cardinality)

    def filter(self, predicate: Callable, name: str | None = None) -> Dataset:
        """Only the elements for which `predicate` is true.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(6).filter(lambda i: i % 2 == 0)]
            [0, 2, 4]
        """

        def keep(element: Any) -> bool:
            return bool(predicate(*element) if isinstance(element, tuple) else predicate(element))

        return Dataset(lambda seed: filter(keep, self._start(seed)))

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
        name: str | None = None,
    ) -> Dataset:
        """The elements in random order: each is drawn from a buffer of the next ones.

        Args:
            buffer_size: Elements in the buffer; as many as there are for a uniform order.
            seed: Integer; None for the global seed.
            reshuffle_each_iteration: Whether each pass has another order. Defaults to True.
            name: Ignored.

        Example:
            >>> sorted(int(i) for i in minidl.data.Dataset.range(4).shuffle(4, seed=1))
            [0, 1, 2, 3]
        """
        buffer_size = positive(buffer_size, "buffer_size")
        own = SeedGenerator(seed) if seed is not None or not reshuffle_each_iteration else None
        fixed = None if own is None or reshuffle_each_iteration else own.next()

        def start(pass_seed: int) -> Iterator:
            chosen = fixed if fixed is not None else (own.next() if own else derive(pass_seed, 1))
            return shuffled(self._start(derive(pass_seed, 0)), buffer_size, chosen)

        return Dataset(start, self._cardinality)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Elements joined along a new first axis.

        Args:
            batch_size: Elements in a batch.
            drop_remainder: Whether a last, smaller batch is left out. Defaults to False.
            num_parallel_calls: Threads that join; None for none.
            deterministic: Batches keep their order in any case.
            name: Ignored.

        Raises:
            ValueError: when iterated, if elements of one batch have different shapes.

        Example:
            >>> [b.tolist() for b in minidl.data.Dataset.range(5).batch(2).as_numpy_iterator()]
            [[0, 1], [2, 3], [4]]
        """
        size = positive(batch_size, "batch_size")
        groups = self._groups(size, drop_remainder)
        threads = wanted_threads(num_parallel_calls)

        def start(seed: int) -> Iterator:
            items = groups._start(seed)
            if threads:
                return ordered_map(_elements.stack, items, threads)
            return map(_elements.stack, items)

        return Dataset(start, groups._cardinality)

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """As `batch`, with arrays filled up at their ends to the largest of the batch.

        Args:
            batch_size: Elements in a batch.
            padded_shapes: Shapes in the structure of an element; None entries are as large as
                needed. None leaves all open.
            padding_values: What is filled in, one value or a structure. Defaults to 0.
            drop_remainder: Whether a last, smaller batch is left out. Defaults to False.
            name: Ignored.
        """
        groups = self._groups(positive(batch_size, "batch_size"), drop_remainder)

        def pad(group: list) -> Any:
            return _elements.stack_padded(group, padded_shapes, padding_values)

        return Dataset(lambda seed: map(pad, groups._start(seed)), groups._cardinality)

    def _groups(self, size: int, drop_remainder: bool) -> Dataset:
        """Lists of `size` elements."""

        def start(seed: int) -> Iterator:
            items = self._start(seed)
            while group := list(itertools.islice(items, size)):
                if len(group) == size or not drop_remainder:
                    yield group

        rounded = math.floor if drop_remainder else math.ceil
        return Dataset(start, self._scaled(lambda n: rounded(n / size)))

    def unbatch(self, name: str | None = None) -> Dataset:
        """One element for each row of an element's arrays.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(4).batch(3).unbatch()]
            [0, 1, 2, 3]
        """

        from ._slices import Slices

        def start(seed: int) -> Iterator:
            for element in self._start(seed):
                yield from Slices(element)._start(0)

        return Dataset(start)

    def prefetch(self, buffer_size: int, name: str | None = None) -> Dataset:
        """The same elements, made by a thread ahead of time.

        Args:
            buffer_size: How many elements the thread may be ahead; `AUTOTUNE` for 2.
            name: Ignored.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(3).prefetch(2)]
            [0, 1, 2]
        """
        size = 2 if buffer_size == AUTOTUNE else positive(buffer_size, "buffer_size", 0)
        if size == 0:
            return self
        return Dataset(lambda seed: prefetch(lambda: self._start(seed), size), self._cardinality)

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """The elements of the first complete pass, kept in memory for the next ones.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(3).cache()]
            [0, 1, 2]
        """
        if filename:
            raise ValueError(
                "Datasets are cached in memory only: cache(). "
                f"Received: filename={filename!r}. np.save keeps arrays in a file."
            )
        kept: list[Any] = []

        def start(seed: int) -> Iterator:
            if kept:
                yield from kept[0]
                return
            elements = []
            for element in self._start(seed):
                element = _elements.map_leaves(freeze, element)
                elements.append(element)
                yield element
            kept[:] = [elements]

        return Dataset(start, self._cardinality)

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """The elements `count` times; None or -1 for ever.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(2).repeat(2)]
            [0, 1, 0, 1]
        """
        endless = count is None or count == -1
        times = -1 if count is None or endless else positive(count, "count", 0)

        def start(seed: int) -> Iterator:
            for number in itertools.count():
                if not endless and number >= times:
                    return
                empty = True
                for element in self._start(derive(seed, number)):
                    empty = False
                    yield element
                if empty:  # nothing for ever would never come back
                    return

        if endless:
            return Dataset(start, 0 if self._cardinality == 0 else INFINITE_CARDINALITY)
        return Dataset(start, 0 if times == 0 else self._scaled(lambda n: n * times))

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` elements; -1 for all.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(9).take(3)]
            [0, 1, 2]
        """
        if count == -1:
            return self
        count = positive(count, "count", 0)
        known = count if self._cardinality == INFINITE_CARDINALITY else self._scaled(
            lambda n: min(n, count))  # fmt: skip
        return Dataset(lambda seed: itertools.islice(self._start(seed), count), known)

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """The elements after the first `count`; -1 skips all.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(5).skip(3)]
            [3, 4]
        """
        if count == -1:
            return Dataset(lambda seed: iter(()), 0)
        count = positive(count, "count", 0)
        known = self._scaled(lambda n: max(n - count, 0))
        return Dataset(lambda seed: itertools.islice(self._start(seed), count, None), known)

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Every `num_shards`-th element, from `index` on.

        Example:
            >>> [int(i) for i in minidl.data.Dataset.range(6).shard(3, 1)]
            [1, 4]
        """
        num_shards = positive(num_shards, "num_shards")
        if not 0 <= index < num_shards:
            raise ValueError(f"`index` must lie in [0, {num_shards}). Received: index={index}")
        known = self._scaled(lambda n: max(0, -(-(n - index) // num_shards)))
        return Dataset(
            lambda seed: itertools.islice(self._start(seed), index, None, num_shards), known
        )

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Pairs of a number, counted from `start`, and an element."""
        return Dataset(
            lambda seed: ((np.int64(i), e) for i, e in enumerate(self._start(seed), start)),
            self._cardinality,
        )

    def apply(self, transformation_func: Callable) -> Dataset:
        """`transformation_func(self)`."""
        return transformation_func(self)

    def reduce(self, initial_state: Any, reduce_func: Callable, name: str | None = None) -> Any:
        """`reduce_func(state, element)` over all elements."""
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state

    def _scaled(self, length: Callable[[int], int]) -> int:
        """The length of a step's result: unknown and infinite stay so."""
        return self._cardinality if self._cardinality < 0 else length(self._cardinality)
