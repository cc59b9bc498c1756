"""Datasets: what each step gives, in which order, and how long it is."""

import minidl
import numpy as np
import pytest
from minidl.data import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset

X = np.arange(10)


def numbers(n=10):
    return Dataset.range(n)


def listed(dataset):
    return [np.asarray(e).tolist() if not isinstance(e, tuple) else tuple(
        np.asarray(p).tolist() for p in e) for e in dataset]  # fmt: skip


def test_slices_of_structures():
    data = Dataset.from_tensor_slices({"a": X, "b": (X * 2.0, [[1]] * 10)})
    first = next(iter(data))
    assert first["a"] == 0 and first["b"][1].tolist() == [1]
    assert first["b"][1].dtype == np.int32
    assert len(data) == 10
    batch = next(iter(data.skip(2).batch(3)))
    assert batch["a"].tolist() == [2, 3, 4]
    assert batch["b"][0].tolist() == [4.0, 6.0, 8.0]


def test_each_step_and_its_length():
    cases = [
        (numbers(5), [0, 1, 2, 3, 4]),
        (Dataset.range(2, 8, 3), [2, 5]),
        (numbers(4).map(lambda x: x * x), [0, 1, 4, 9]),
        (numbers(4).map(lambda x: x * x, num_parallel_calls=3), [0, 1, 4, 9]),
        (numbers(5).batch(2), [[0, 1], [2, 3], [4]]),
        (numbers(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
        (numbers(5).batch(2, num_parallel_calls=2), [[0, 1], [2, 3], [4]]),
        (numbers(3).repeat(2), [0, 1, 2, 0, 1, 2]),
        (numbers(3).repeat(0), []),
        (numbers(3).repeat().take(7), [0, 1, 2, 0, 1, 2, 0]),
        (numbers(5).skip(3), [3, 4]),
        (numbers(5).skip(9), []),
        (numbers(5).skip(-1), []),
        (numbers(2).take(9), [0, 1]),
        (numbers(2).take(-1), [0, 1]),
        (numbers(7).shard(3, 1), [1, 4]),
        (numbers(7).shard(3, 0), [0, 3, 6]),
        (numbers(4).prefetch(2), [0, 1, 2, 3]),
        (numbers(4).prefetch(-1).prefetch(0), [0, 1, 2, 3]),
        (numbers(4).cache(), [0, 1, 2, 3]),
        (numbers(2).enumerate(5), [(5, 0), (6, 1)]),
        (numbers(2).concatenate(Dataset.range(7, 9)), [0, 1, 7, 8]),
        (Dataset.zip(numbers(3), numbers(2)), [(0, 0), (1, 1)]),
        (Dataset.zip((numbers(1), numbers(2).repeat())), [(0, 0)]),
        (Dataset.from_tensors(X), [X.tolist()]),
        (numbers(3).apply(lambda d: d.take(1)), [0]),
        (Dataset.from_tensor_slices(X).shard(4, 2).batch(2), [[2, 6]]),
        (Dataset.from_tensor_slices(X).take(3).repeat(2).batch(4), [[0, 1, 2, 0], [1, 2]]),
        (Dataset.from_tensor_slices(X).batch(4, True), [[0, 1, 2, 3], [4, 5, 6, 7]]),
    ]
    for dataset, expected in cases:
        assert listed(dataset) == expected
        assert listed(dataset) == expected  # and again
        assert len(dataset) == dataset.cardinality() == len(expected)
    unknown = [
        (numbers(6).filter(lambda x: x % 2), [1, 3, 5]),
        (numbers(5).batch(2).unbatch(), [0, 1, 2, 3, 4]),
        (Dataset.from_generator(lambda: iter([1, 2])), [1, 2]),
        (Dataset.from_generator(lambda n: iter(range(n)), args=(3,)), [0, 1, 2]),
        (Dataset.from_generator([4, 5]), [4, 5]),
    ]
    for dataset, expected in unknown:
        assert listed(dataset) == listed(dataset) == expected
        assert dataset.cardinality() == UNKNOWN_CARDINALITY
        with pytest.raises(TypeError, match="unknown"):
            len(dataset)
    assert numbers(3).repeat().cardinality() == INFINITE_CARDINALITY
    assert numbers(3).repeat().batch(2).prefetch(1).cardinality() == INFINITE_CARDINALITY
    with pytest.raises(TypeError, match="infinite"):
        len(numbers(3).repeat())
    assert listed(Dataset.from_generator(lambda: iter(())).repeat()) == []
    assert "length=3" in repr(numbers(3)) and numbers(0)
    assert numbers(5).reduce(0, lambda a, b: a + b) == 10
    assert listed(numbers(3).as_numpy_iterator()) == [0, 1, 2]


def test_interleave():
    rows = numbers(3).interleave(
        lambda n: Dataset.from_tensor_slices(np.full(n + 1, n)), cycle_length=2, block_length=1
    )
    assert listed(rows) == [0, 1, 1, 2, 2, 2]
    blocks = numbers(2).interleave(
        lambda n: Dataset.range(n * 10, n * 10 + 4), 2, 2, num_parallel_calls=2
    )
    assert listed(blocks) == [0, 1, 10, 11, 2, 3, 12, 13]


def test_generator_types():
    data = Dataset.from_generator(
        lambda: iter([(1, {"a": 2.5})]), output_types=("float32", {"a": "int64"})
    )
    x, y = next(iter(data))
    assert x.dtype == np.float32 and y["a"].dtype == np.int64
    plain = next(iter(Dataset.from_generator(lambda: iter([(1, 2.5)]))))
    assert [p.dtype.name for p in plain] == ["int32", "float32"]
    with pytest.raises(TypeError, match="generator"):
        Dataset.from_generator(3)


def test_tuples_are_arguments():
    data = Dataset.from_tensor_slices((X, X + 1))
    assert listed(data.map(lambda a, b: a * b).take(3)) == [0, 2, 6]
    assert listed(data.filter(lambda a, b: a == 4)) == [(4, 5)]
    made = data.map(lambda a, b: {"sum": minidl.ops.convert_to_tensor(a + b)}).batch(5)
    assert next(iter(made))["sum"].tolist() == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("source", [Dataset.from_tensor_slices(X), numbers()])
def test_shuffle(source):
    minidl.set_random_seed(1)
    for size in (1, 3, 10, 99):
        data = source.shuffle(size)
        first, second = listed(data), listed(data)
        assert sorted(first) == sorted(second) == X.tolist()
        assert (first == X.tolist()) == (size == 1)
        if size > 3:
            assert first != second
        assert all(value < place + size for place, value in enumerate(first))
    seeded = [listed(source.shuffle(10, seed=3)) for _ in range(2)]
    assert seeded[0] == seeded[1]
    fixed = source.shuffle(10, reshuffle_each_iteration=False)
    assert listed(fixed) == listed(fixed)
    fixed = source.shuffle(10, seed=4, reshuffle_each_iteration=False)
    assert listed(fixed) == listed(fixed)
    moving = source.shuffle(10, seed=4)
    assert listed(moving) != listed(moving)


def test_shuffle_is_uniform():
    minidl.set_random_seed(2)
    data = numbers(5).shuffle(5)
    counts = np.zeros((5, 5))
    for _ in range(600):
        for place, value in enumerate(data):
            counts[place, value] += 1
    assert abs(counts / 600 - 0.2).max() < 0.06


def _augmenting(threads):
    noise = minidl.layers.GaussianNoise(0.5)
    data = Dataset.from_tensor_slices(np.arange(24.0).reshape(12, 2)).shuffle(12).repeat(2)
    data = data.map(lambda x: noise(x[None], training=True)[0], num_parallel_calls=threads)
    return data.batch(5).prefetch(3 if threads else 0)


def test_threads_change_no_result():
    results = []
    for threads in (None, 1, 2, 5):
        minidl.set_random_seed(3)
        data = _augmenting(threads)
        dropout = minidl.layers.Dropout(0.5)
        seen = []
        for batch in data:  # others draw from the global generator meanwhile
            seen.append(batch)
            minidl.random.normal((2,))
            dropout(batch, training=True)
        seen += list(data)
        results.append(np.concatenate(seen))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    assert len(np.unique(results[0], axis=0)) == 48


def test_cache():
    calls = []

    def spy(x):
        calls.append(int(x))
        return x * 1.0

    data = numbers(4).map(spy).cache()
    next(iter(data))  # a pass that was broken off is not kept
    assert listed(data) == listed(data) == [0, 1, 2, 3]
    assert calls == [0, 0, 1, 2, 3]
    batch = next(iter(numbers(4).batch(2).cache()))
    with pytest.raises(ValueError, match="read-only"):
        batch += 1
    with pytest.raises(ValueError, match="filename"):
        numbers().cache("file")


def test_elements_do_not_write_to_the_source():
    x = np.zeros((4, 2))
    data = Dataset.from_tensor_slices(x)
    with pytest.raises(ValueError, match="read-only"):
        next(iter(data))[...] = 1
    next(iter(data.batch(4)))[...] = 1
    assert not x.any()


def test_padded_batch():
    data = Dataset.from_generator(lambda: iter([([1, 2], 0), ([3], 1), ([4, 5, 6], 2)]))
    x, y = next(iter(data.padded_batch(3)))
    assert x.tolist() == [[1, 2, 0], [3, 0, 0], [4, 5, 6]]
    assert y.tolist() == [0, 1, 2]
    x, _ = next(iter(data.padded_batch(2, padded_shapes=((4,), ()), padding_values=(-1, 0))))
    assert x.tolist() == [[1, 2, -1, -1], [3, -1, -1, -1]]
    assert len(list(data.padded_batch(2, drop_remainder=True))) == 1
    with pytest.raises(ValueError, match="does not fit"):
        list(data.padded_batch(3, padded_shapes=((2,), ())))
    with pytest.raises(ValueError, match=r"one shape.*padded_batch"):
        list(data.batch(3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: numbers().batch(0), ValueError, "batch_size.*0"),
        (lambda: numbers().batch(2.5), ValueError, "batch_size"),
        (lambda: numbers().shuffle(0), ValueError, "buffer_size"),
        (lambda: numbers().prefetch(-3), ValueError, "buffer_size"),
        (lambda: numbers().repeat(-2), ValueError, "count"),
        (lambda: numbers().take("3"), ValueError, "count"),
        (lambda: numbers().shard(3, 3), ValueError, "index"),
        (lambda: numbers().map(abs, num_parallel_calls=0), ValueError, "num_parallel_calls"),
        (lambda: Dataset.from_tensor_slices((X, X[:3])), ValueError, "number of them"),
        (lambda: Dataset.from_tensor_slices(3.0), ValueError, "rows"),
        (lambda: Dataset.from_tensor_slices([[1], [2, 3]]), ValueError, "inhomogeneous|one shape"),
        (lambda: Dataset.zip(X), TypeError, "datasets"),
        (lambda: list(Dataset.from_generator(lambda: [(1,), (1, 2)]).batch(2)), ValueError,
         "one length"),
        (lambda: list(Dataset.from_generator(lambda: [{"a": 1}, {"b": 1}]).batch(2)), ValueError,
         "same keys"),
    ],
)  # fmt: skip
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
