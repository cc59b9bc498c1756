"""The caching allocator behind every result."""

import numpy as np
import pytest
from minidl import _core

from tests.processes import output_of, run_python


def _fresh(size):
    return _core.negative(np.zeros(size, np.float32))


@pytest.mark.parametrize("size", [0, 1, 3, 15, 16, 17, 1000, 4096, 10**5, 2**18, 2**20 + 1, 10**7])
def test_results_are_aligned(size):
    for _ in range(3):
        assert _fresh(size).ctypes.data % 64 == 0


@pytest.mark.parametrize("size", [10, 1000, 10**5, 10**6])
def test_a_freed_block_is_used_again(size):
    _core.release_memory()
    first = _fresh(size)
    before = _core.allocator_stats()
    del first
    freed = _core.allocator_stats()
    assert freed["cached_bytes"] - before["cached_bytes"] >= 4 * size
    assert before["live_bytes"] - freed["live_bytes"] >= 4 * size
    second = _fresh(size)
    after = _core.allocator_stats()
    assert after["hits"] == freed["hits"] + 1
    assert after["misses"] == freed["misses"]
    assert after["live_bytes"] == before["live_bytes"]
    assert second.size == size


def test_live_bytes_are_counted_and_return():
    _core.release_memory()
    before = _core.allocator_stats()["live_bytes"]
    arrays = [_fresh(size) for size in (1, 100, 10**4, 10**6)]
    wanted = 4 * sum(a.size for a in arrays)
    grown = _core.allocator_stats()["live_bytes"] - before
    assert wanted <= grown <= 1.3 * wanted + 4 * 256
    view = arrays[-1][::2]  # a view keeps its memory
    del arrays
    assert _core.allocator_stats()["live_bytes"] - before >= 4 * 10**6
    del view
    assert _core.allocator_stats()["live_bytes"] == before


def test_release_memory_empties_the_cache():
    blocks = [_fresh(size) for size in (10, 10**4, 10**6)]
    del blocks
    assert _core.allocator_stats()["cached_bytes"] > 4 * 10**6
    _core.release_memory()
    assert _core.allocator_stats()["cached_bytes"] == 0


def test_release_memory_empties_the_caches_of_other_threads():
    import threading

    filled, done = threading.Event(), threading.Event()

    def work():
        blocks = [_fresh(size) for size in (10, 100, 10**4)]
        del blocks
        filled.set()
        done.wait()
        assert (_fresh(100) == 0).all()

    worker = threading.Thread(target=work)
    _core.release_memory()
    worker.start()
    filled.wait()
    assert _core.allocator_stats()["cached_bytes"] > 4 * 10**4
    _core.release_memory()
    assert _core.allocator_stats()["cached_bytes"] == 0
    done.set()
    worker.join()


def test_release_memory_while_other_threads_allocate():
    import threading

    stop = threading.Event()
    wrong = []

    def work(number):
        x = np.full(300, number, np.float32)
        while not stop.is_set():
            kept = [_core.negative(x) for _ in range(20)]
            if not all((k == -number).all() for k in kept):
                wrong.append(number)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for w in workers:
        w.start()
    for _ in range(300):
        _core.release_memory()
    stop.set()
    for w in workers:
        w.join()
    assert not wrong


def test_blocks_of_other_threads_serve_a_forked_child():
    """The child keeps what they had cached, and new threads of its own start clean."""
    assert (
        output_of("""
        import os, threading
        import numpy as np
        from minidl import _core

        def fresh():
            return _core.negative(np.ones(1000, np.float32))

        filled, done = threading.Event(), threading.Event()

        def work():
            blocks = [fresh() for _ in range(8)]
            del blocks
            filled.set()
            done.wait()

        _core.release_memory()
        worker = threading.Thread(target=work)
        worker.start()
        filled.wait()
        cached = _core.allocator_stats()["cached_bytes"]
        child = os.fork()
        if child == 0:
            before = _core.allocator_stats()
            blocks = [fresh() for _ in range(8)]
            after = _core.allocator_stats()
            ok = before["cached_bytes"] == cached and after["misses"] == before["misses"]
            others = [threading.Thread(target=fresh) for _ in range(8)]
            for t in others: t.start()
            for t in others: t.join()
            del blocks
            _core.release_memory()
            ok = ok and _core.allocator_stats()["cached_bytes"] == 0
            os._exit(0 if ok else 1)
        done.set()
        worker.join()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """).splitlines()[-1]
        == "0"
    )


def test_blocks_do_not_overlap():
    sizes = [1, 16, 17, 100, 5000, 300_000] * 20
    arrays = [_fresh(size) for size in sizes]
    for number, array in enumerate(arrays):
        array[...] = number
    for number, array in enumerate(arrays):
        assert (array == number).all()


def test_results_are_writable_and_own_their_memory():
    x = np.ones(100, np.float32)
    first, second = _core.negative(x), _core.negative(x)
    first[...] = 5
    assert (second == -1).all()
    assert (x == 1).all()


def test_memory_freed_on_another_thread():
    import threading

    before = _core.allocator_stats()["live_bytes"]
    for _ in range(50):
        arrays = [_fresh(1000 + i) for i in range(20)]
        worker = threading.Thread(target=arrays.clear)
        worker.start()
        worker.join()
        assert not arrays
    assert _core.allocator_stats()["live_bytes"] == before


STATS = """
    import numpy as np
    from minidl import _core
    for _ in range(5):
        x = _core.negative(np.ones(1_000_000, np.float32))
        small = _core.negative(np.ones(10, np.float32))
        assert x.ctypes.data % 64 == small.ctypes.data % 64 == 0
        assert x[-1] == small[-1] == -1
        del x, small
    s = _core.allocator_stats()
    print(s["enabled"], s["cap_bytes"], s["cached_bytes"], s["hits"])
"""


def test_off_switch():
    enabled, _, cached, hits = output_of(STATS, MINIDL_ALLOCATOR="off").split()
    assert (enabled, cached, hits) == ("False", "0", "0")


def test_cap():
    enabled, cap, cached, hits = output_of(STATS, MINIDL_CACHE_LIMIT="1").split()
    assert (enabled, cap) == ("True", str(2**20))
    assert 0 < int(cached) <= 2**20
    assert int(hits) >= 4  # the small blocks still fit below the cap


def test_default_is_on():
    enabled, cap, cached, hits = output_of(STATS, MINIDL_ALLOCATOR="").split()
    assert enabled == "True" and int(cap) > 0 and int(cached) > 0 and int(hits) >= 8


@pytest.mark.parametrize(
    ("variable", "bad"),
    [
        ("MINIDL_ALLOCATOR", "maybe"),
        ("MINIDL_CACHE_LIMIT", "-1"),
        ("MINIDL_CACHE_LIMIT", "much"),
        ("MINIDL_CACHE_LIMIT", "5GB"),
    ],
)
def test_bad_environment_is_an_error_at_import(variable, bad):
    done = run_python("import minidl", **{variable: bad})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert variable in last and repr(bad) in last


def test_too_much_memory_is_a_memory_error():
    x = np.broadcast_to(np.float32(1), (2**24, 2**20))
    y = np.broadcast_to(np.float32(1), (2**24, 1))
    before = _core.allocator_stats()["live_bytes"]
    with pytest.raises((MemoryError, ValueError)):
        _core.add(x, y)
    assert _core.allocator_stats()["live_bytes"] == before
