"""Threads behind a dataset: errors reach the consumer, and nobody stays behind."""

import gc
import threading
import time

import numpy as np
import pytest
from minidl.data import Dataset, PyDataset


def _workers():
    names = ("minidl-data", "minidl-map")
    return [t for t in threading.enumerate() if t.name.startswith(names)]


@pytest.fixture(autouse=True)
def _nobody_stays():
    yield
    gc.collect()
    for _ in range(100):
        if not _workers():
            return
        time.sleep(0.02)
    raise AssertionError(f"threads are left: {_workers()}")


def _failing(at, error=ValueError):
    for i in range(10):
        if i == at:
            raise error(f"element {i}")
        yield i


@pytest.mark.parametrize(
    "step",
    [
        lambda d: d.prefetch(3),
        lambda d: d.map(lambda x: x, num_parallel_calls=3),
        lambda d: d.prefetch(2).map(lambda x: x, num_parallel_calls=2).prefetch(2),
        lambda d: d.shuffle(1).prefetch(1),
    ],
)
def test_errors_of_the_source_come_in_order(step):
    data = step(Dataset.from_generator(_failing, args=(4,)))
    for _ in range(2):  # and the next pass starts anew
        seen = []
        with pytest.raises(ValueError, match="element 4"):
            for x in data:
                seen.append(int(x))
        assert seen in ([0, 1, 2, 3], [0, 1, 2])  # a shuffle is one element ahead


def test_errors_of_a_mapped_function():
    def fail(x):
        if x == 5:
            raise ZeroDivisionError("in the worker")
        return x

    for data in (
        Dataset.range(9).map(fail),
        Dataset.range(9).map(fail, num_parallel_calls=4),
        Dataset.range(9).map(fail, 2).batch(1).prefetch(2),
    ):
        seen = []
        with pytest.raises(ZeroDivisionError, match="in the worker"):
            for x in data:
                seen.append(int(np.ravel(x)[0]))
        assert seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("how", ["break", "close", "del", "unstarted"])
def test_abandoned_pipelines_end_their_threads(how):
    made = []

    def count(x):
        made.append(int(x))
        return x

    data = Dataset.range(10**9).map(count, num_parallel_calls=2).prefetch(3)
    iterator = iter(data)
    if how == "unstarted":
        assert not _workers()
        return
    assert [int(next(iterator)) for _ in range(3)] == [0, 1, 2]
    if how == "close":
        iterator.close()
    elif how == "break":
        for _ in iterator:
            break
    del iterator
    gc.collect()
    time.sleep(0.05)
    count_then = len(made)
    assert count_then < 40  # it was never far ahead
    time.sleep(0.05)
    assert len(made) == count_then


def test_prefetch_is_ahead_by_its_buffer():
    made = []

    def source():
        for i in range(20):
            made.append(i)
            yield i

    iterator = iter(Dataset.from_generator(source).prefetch(4))
    next(iterator)
    deadline = time.monotonic() + 5
    while len(made) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 6  # one was taken, four wait, one waits for a place


def test_parallel_map_runs_side_by_side():
    together = threading.Barrier(3, timeout=5)  # breaks unless three threads are in it at once

    def meet(x):
        together.wait()
        return x

    assert [int(x) for x in Dataset.range(9).map(meet, num_parallel_calls=3)] == list(range(9))


def test_two_consumers_at_once():
    data = Dataset.range(200).map(lambda x: x * 2, num_parallel_calls=2).prefetch(4)
    results = {}

    def consume(name):
        results[name] = [int(x) for x in data]

    threads = [threading.Thread(target=consume, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(results[i] == list(range(0, 400, 2)) for i in range(4))


class Batches(PyDataset):
    def __init__(self, n=6, **kwargs):
        super().__init__(**kwargs)
        self.n, self.log = n, []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return np.full((2, 1), index, np.float32), np.full((2, 1), index, np.float32)

    def on_epoch_begin(self):
        self.log.append("begin")

    def on_epoch_end(self):
        self.log.append("end")


@pytest.mark.parametrize("workers", [1, 3])
def test_py_dataset(workers):
    data = Batches(workers=workers, max_queue_size=2)
    assert [int(x[0, 0]) for x, _ in data] == list(range(6))
    assert data.log == ["begin", "end"]
    orders = [[int(x[0, 0]) for x, _ in data._pass(shuffle=True)] for _ in range(4)]
    assert all(sorted(order) == list(range(6)) for order in orders)
    assert len({tuple(order) for order in orders}) > 1
    iterator = iter(data)
    next(iterator)
    iterator.close()


def test_py_dataset_arguments():
    with pytest.raises(ValueError, match="threads"):
        PyDataset(use_multiprocessing=True)
    with pytest.raises(ValueError, match="workers"):
        PyDataset(workers=0)
    with pytest.raises(ValueError, match="max_queue_size"):
        PyDataset(max_queue_size=0)
    with pytest.raises(NotImplementedError, match="__getitem__"):
        PyDataset()[0]
    with pytest.raises(NotImplementedError, match="num_batches"):
        list(PyDataset())
