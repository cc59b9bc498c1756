"""A dataset in two parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import Dataset, PyDataset
from ..random import permutation


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Dataset, Dataset]:
    """Two datasets with the elements of one.

    Args:
        dataset: An array, a tuple, list or dict of arrays, or a Dataset; the elements of that
            are kept in memory.
        left_size: Share in (0, 1) or number of elements of the first part; None for the rest.
        right_size: The same of the second part. One of the two must be given.
        shuffle: Whether elements are mixed beforehand. Defaults to False.
        seed: Integer for the order; None for the global seed.

    Returns:
        `(left, right)`, Datasets of single elements.

    Raises:
        ValueError: no size, sizes that are too large, or a part that would be empty.
        TypeError: sizes that are no numbers, or data that cannot be split.

    Source: `keras.utils.split_dataset`.

    >>> import minidl, numpy as np
    >>> left, right = minidl.utils.split_dataset(np.arange(10), left_size=0.8)
    >>> len(left), [int(x) for x in right]
    (8, [8, 9])
    """
    if isinstance(dataset, (Dataset, PyDataset)):
        elements = list(dataset)
        count = len(elements)

        def part(rows: np.ndarray) -> Dataset:
            chosen = [elements[i] for i in rows]
            return Dataset(lambda seed: iter(chosen), len(chosen))
    elif isinstance(dataset, (np.ndarray, tuple, list, dict)) or hasattr(dataset, "__array__"):
        listed = isinstance(dataset, list) and all(hasattr(a, "__array__") for a in dataset)
        structure = tuple(dataset) if listed else dataset
        whole: Any = Dataset.from_tensor_slices(structure)
        count = len(whole)

        def part(rows: np.ndarray) -> Dataset:
            order = rows.tolist()
            return type(whole)(  # rows of the same arrays
                whole._arrays,
                Dataset(lambda seed: iter(order), len(order)),
            )
    else:
        raise TypeError(
            "`dataset` must be a Dataset or arrays of one length. "
            f"Received: {type(dataset).__name__}"
        )
    left, right = _sizes(left_size, right_size, count)
    rows = permutation(count, seed) if shuffle else np.arange(count)
    return part(rows[:left]), part(rows[left : left + right])


def _sizes(left: Any, right: Any, count: int) -> tuple[int, int]:
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        if isinstance(size, bool) or not isinstance(size, (int, float, np.integer, np.floating)):
            raise TypeError(f"`{name}` must be a number. Received: {name}={size!r}")
        limit = 1.0 if isinstance(size, (float, np.floating)) else count
        if not 0 < size < limit and not (limit == count and size == count):
            raise ValueError(
                f"`{name}` must be a share in (0, 1) or a number of elements up to {count}. "
                f"Received: {name}={size}"
            )
    if left is None and right is None:
        raise ValueError("`left_size` or `right_size` must be given.")
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(f"`left_size` + `right_size` must be at most 1. Received: {left + right}")
    first = None if left is None else round(left * count) if isinstance(left, float) else left
    second = None if right is None else round(right * count) if isinstance(right, float) else right
    first = count - second if first is None and second is not None else first
    second = count - first if second is None and first is not None else second
    assert first is not None and second is not None
    if first + second > count or min(first, second) < 1:
        raise ValueError(
            f"Parts of {first} and {second} elements do not fit {count}: both need at least one."
        )
    return int(first), int(second)
