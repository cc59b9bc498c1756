"""Batches: from arrays or generators to what one training step takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .._tape import Tensor
from ..data import INFINITE_CARDINALITY, PyDataset
from ..data.py_dataset import Shuffled
from ..random import permutation

TWO_WEIGHTS = "`class_weight` and `sample_weight` cannot both be given."


def _is_arraylike(x: Any) -> bool:
    return hasattr(x, "__array__") or hasattr(x, "__dlpack__")


def _as_array(x: Any, name: str) -> np.ndarray:
    if isinstance(x, Tensor):
        return x.data
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"`{name}` must be an array. {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"`{name}` must hold numbers. Received: {type(x).__name__} of dtype {array.dtype}."
        )
    return array


def map_arrays(fn: Callable, structure: Any) -> Any:
    """Apply `fn` to each array of a nested structure."""
    if isinstance(structure, dict):
        return {k: map_arrays(fn, v) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_arrays(fn, v) for v in structure)
    return fn(structure)


def _holds_arrays(x: Any) -> bool:
    """Whether `x` is an array with axes or a structure of them: an input, not a row of one."""
    if isinstance(x, dict):
        return True
    if isinstance(x, (list, tuple)):
        return bool(x) and all(map(_holds_arrays, x))
    return _is_arraylike(x) and np.ndim(x) > 0


def to_arrays(x: Any, name: str) -> Any:
    """One array, or a list, tuple or dict of arrays for models of several inputs."""
    if isinstance(x, dict):
        return {k: to_arrays(v, f"{name}[{k!r}]") for k, v in x.items()}
    if isinstance(x, (list, tuple)) and x and all(map(_holds_arrays, x)):
        return tuple(to_arrays(v, f"{name}[{i}]") for i, v in enumerate(x))
    return _as_array(x, name)


def leaves(structure: Any) -> list[np.ndarray]:
    """The arrays of a nested structure."""
    found: list[np.ndarray] = []
    map_arrays(found.append, structure)
    return found


def count_samples(**named: Any) -> int:
    """The common length of all arrays.

    Raises:
        ValueError: lengths differ, an array has no axes, or there is no sample.
    """
    lengths = {}
    for name, structure in named.items():
        for i, array in enumerate(leaves(structure) if structure is not None else []):
            if array.ndim == 0:
                raise ValueError(f"`{name}` must have a batch axis. Received a single number.")
            lengths[name if i == 0 else f"{name}[{i}]"] = array.shape[0]
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{k} has {n}" for k, n in lengths.items())
        raise ValueError(f"All arrays must have the same number of samples, but {listed}.")
    n = next(iter(lengths.values()))
    if n == 0:
        raise ValueError(f"`{next(iter(lengths))}` is empty: it holds 0 samples.")
    return n


def check_count(value: Any, name: str, *, optional: bool = True) -> int | None:
    """`value` as a positive integer, or None."""
    if value is None and optional:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return int(value)


def class_weight_to_sample_weight(y: Any, class_weight: dict) -> np.ndarray:
    """One weight per sample from a weight per class; classes left out weigh 1."""
    if not isinstance(class_weight, dict):
        raise ValueError(f"`class_weight` must be a dict. Received: {class_weight!r}")
    if y is None or not isinstance(y, np.ndarray):
        raise ValueError("`class_weight` needs one array of targets `y`.")
    if y.ndim > 1 and y.shape[-1] > 1:
        if y.ndim > 2:
            raise ValueError(
                "`class_weight` is for targets of 1 or 2 axes; use `sample_weight`. "
                f"Received: y of shape {y.shape}"
            )
        labels = y.argmax(-1)
    else:
        labels = y.reshape(len(y), -1)[:, 0].astype(np.int64)
    weights = np.ones(len(labels), np.float32)
    for label, weight in class_weight.items():
        weights[labels == int(label)] = float(weight)
    return weights


def _first(arrays: tuple, count: int) -> tuple:
    return tuple(None if a is None else map_arrays(lambda v: v[:count], a) for a in arrays)


class ArrayBatches:
    """Batches of arrays, shuffled anew each pass.

    Args:
        x: Inputs.
        y: Targets, or None.
        sample_weight: Weights, or None.
        batch_size: Samples per batch; None for 32, or for what `steps` asks for.
        steps: Batches per pass; None for all. The next pass then goes on where this one ended.
        shuffle: Whether the order is random.
    """

    def __init__(self, x, y=None, sample_weight=None, batch_size=None, steps=None, shuffle=False):
        self.arrays = (x, y, sample_weight)
        self.samples = count_samples(x=x, y=y, sample_weight=sample_weight)
        if batch_size is None:
            batch_size = math.ceil(self.samples / steps) if steps else 32
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.total = math.ceil(self.samples / batch_size)
        self.steps = steps
        self.num_batches = steps or self.total
        self._rest: Iterator | None = None

    def restart(self) -> None:
        """Begin the next pass at the first sample."""
        self._rest = None

    def first(self, count: int = 1) -> tuple:
        """The first `count` samples of everything, to build with."""
        return _first(self.arrays, count)

    def _one_pass(self) -> Iterator[tuple]:
        size, n = self.batch_size, self.samples
        order = permutation(n) if self.shuffle else None
        for start in range(0, n, size):
            stop = min(start + size, n)
            rows = None if order is None else order[start:stop]

            def pick(a, start=start, stop=stop, rows=rows):
                return a[start:stop] if rows is None else a.take(rows, 0)

            x, y, w = self.arrays
            yield (
                pick(x) if type(x) is np.ndarray else map_arrays(pick, x),
                None if y is None else pick(y) if type(y) is np.ndarray else map_arrays(pick, y),
                None if w is None else map_arrays(pick, w),
            )

    def __iter__(self) -> Iterator[tuple]:
        if self.steps is None:
            yield from self._one_pass()
            return
        done = 0
        while done < self.steps:
            if self._rest is None:
                self._rest = self._one_pass()
            for batch in self._rest:
                yield batch
                done += 1
                if done == self.steps:
                    return
            self._rest = None


class IterableBatches:
    """Batches that an iterable makes: tuples `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Args:
        source: The iterable. One that can be iterated again starts anew each pass.
        steps: Batches per pass; None for all there are.
        targets: Whether entries are tuples with targets (False in `predict`).
        class_weight: A weight per class, or None; the batches then bring no weights of their own.
    """

    def __init__(
        self,
        source: Any,
        steps: int | None = None,
        targets: bool = True,
        class_weight: dict | None = None,
    ):
        self.source = source
        self.steps = steps
        self.targets = targets
        self.class_weight = class_weight
        length = _length(source)
        self.num_batches = steps or length
        self._endless = iter(source) is source
        self._iterator = iter(source)
        self._peeked: tuple | None = None

    def _unpack(self, batch: Any) -> tuple:
        if isinstance(batch, tuple) and 1 <= len(batch) <= 3:
            parts = (*batch, None, None)[:3]
        elif isinstance(batch, list) and self.targets and 2 <= len(batch) <= 3:
            parts = (*batch, None)[:3]
        else:
            parts = (batch, None, None)
        arrays = tuple(
            None if p is None else to_arrays(p, name)
            for p, name in zip(parts, ("x", "y", "sample_weight"), strict=True)
        )
        count_samples(x=arrays[0], y=arrays[1], sample_weight=arrays[2])
        if self.class_weight is not None:
            if arrays[2] is not None:
                raise ValueError(TWO_WEIGHTS)
            weights = class_weight_to_sample_weight(arrays[1], self.class_weight)
            return arrays[0], arrays[1], weights
        return arrays

    def restart(self) -> None:
        """Begin the next pass anew, where the source can; forget what was read ahead."""
        if not self._endless:
            self._peeked = None
            self._iterator = iter(self.source)

    def first(self, count: int = 1) -> tuple:
        """The first `count` samples of the first batch, to build with."""
        if self._peeked is None:
            try:
                self._peeked = self._unpack(next(self._iterator))
            except StopIteration:
                raise ValueError("The data is empty: the iterable gave no batch.") from None
        return _first(self._peeked, count)

    def __iter__(self) -> Iterator[tuple]:
        done = 0
        while self.steps is None or done < self.steps:
            if self._peeked is not None:
                batch, self._peeked = self._peeked, None
            else:
                try:
                    batch = self._unpack(next(self._iterator))
                except StopIteration:
                    if self._endless:  # a generator that ran out
                        return
                    self._iterator = iter(self.source)
                    if self.steps is None or done == 0:
                        return
                    continue
            yield batch
            done += 1


def _length(source: Any) -> int | None:
    """The number of batches in a pass, where it is known."""
    try:
        return len(source)
    except TypeError:  # there is no end, or nobody knows
        return None


def make_batches(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool = False,
    targets: bool = True,
) -> ArrayBatches | IterableBatches:
    """Batches of whatever `fit`, `evaluate` and `predict` accept.

    Raises:
        ValueError: data that is no array, empty or of unequal lengths.
    """
    if x is None:
        raise ValueError("`x` is None: pass the input data.")
    batch_size = check_count(batch_size, "batch_size")
    if hasattr(x, "__iter__") and not _is_arraylike(x) and not isinstance(x, (list, tuple, dict)):
        if isinstance(x, (str, bytes)):
            raise ValueError(f"`x` must be arrays or batches. Received: {type(x).__name__}")
        if y is not None or sample_weight is not None:
            raise ValueError(
                "With batches from an iterable, targets and weights come from it too: it gives "
                "(x, y) or (x, y, sample_weight), and `y` and `sample_weight` stay None."
            )
        if isinstance(x, PyDataset) and shuffle:
            x = Shuffled(x)
        endless = getattr(x, "num_batches", 0) is None
        if steps is None and (endless or getattr(x, "_cardinality", 0) == INFINITE_CARDINALITY):
            raise ValueError(
                "The data has no end: say how many batches make a pass (`steps_per_epoch` in "
                "`fit`, `validation_steps`, or `steps`)."
            )
        return IterableBatches(x, steps, targets, class_weight)
    arrays = to_arrays(x, "x")
    y = None if y is None else to_arrays(y, "y")
    if class_weight is not None:
        if sample_weight is not None:
            raise ValueError(TWO_WEIGHTS)
        count_samples(x=arrays, y=y)
        sample_weight = class_weight_to_sample_weight(y, class_weight)
    elif sample_weight is not None:
        sample_weight = to_arrays(sample_weight, "sample_weight")
    return ArrayBatches(arrays, y, sample_weight, batch_size, steps, shuffle)


def split_validation(arrays: list[Any], fraction: float) -> tuple[list[Any], list[Any]]:
    """The first part and the last part of all arrays, before any shuffling, as in Keras.

    Raises:
        ValueError: the fraction is outside (0, 1), or one part would be empty.
    """
    if not isinstance(fraction, (int, float)) or not 0 < fraction < 1:
        raise ValueError(
            f"`validation_split` must lie in (0, 1). Received: validation_split={fraction!r}"
        )
    n = count_samples(x=arrays[0], y=arrays[1])
    cut = math.floor(n * (1.0 - fraction))
    if cut in (0, n):
        raise ValueError(
            f"`validation_split={fraction}` leaves no sample in one part of {n} samples."
        )
    first = [None if a is None else map_arrays(lambda v: v[:cut], a) for a in arrays]
    last = [None if a is None else map_arrays(lambda v: v[cut:], a) for a in arrays]
    return first, last
