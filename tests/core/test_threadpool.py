"""The thread pool: settings, forks after compute, several Python threads at once."""

import threading

import minidl
import numpy as np
import pytest
from minidl import _core

from tests.processes import output_of, run_python


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_set_num_threads(threads):
    minidl.set_num_threads(threads)
    assert _core.num_threads() == threads


@pytest.mark.parametrize("bad", [0, -1, 257, 10**30, 1.5, "2", None, True])
def test_bad_number_of_threads(bad):
    before = _core.num_threads()
    with pytest.raises((TypeError, ValueError), match=r"num_threads|`n`"):
        minidl.set_num_threads(bad)
    assert _core.num_threads() == before


def test_environment_sets_the_number():
    report = "from minidl import _core; print(_core.num_threads())"
    assert output_of(report, MINIDL_NUM_THREADS="3") == "3"
    assert int(output_of(report, MINIDL_NUM_THREADS="")) >= 1


@pytest.mark.parametrize("bad", ["0", "-2", "two", "1.5", "3 ", "99999999999999999999"])
def test_bad_environment_is_an_error_at_import(bad):
    done = run_python("import minidl", MINIDL_NUM_THREADS=bad)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "MINIDL_NUM_THREADS" in last and repr(bad) in last


def test_affinity_limits_the_default():
    code = """
        import os
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        from minidl import _core
        print(_core.num_threads())
    """
    assert output_of(code, MINIDL_NUM_THREADS="") == "1"


FORK = """
    import os, signal, sys, warnings
    import numpy as np
    import minidl
    from minidl import _core, ops
    # Newer Pythons warn of any fork beside threads; that it works is what is shown here.
    warnings.simplefilter("ignore", DeprecationWarning)
    minidl.set_num_threads(3)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((256, 300)).astype(np.float32)
    start = rng.standard_normal((300, 200)).astype(np.float32)

    def train():
        kernel = minidl.Variable(start)
        optimizer = minidl.optimizers.SGD(1e-4)
        for _ in range(5):
            with minidl.GradientTape() as tape:
                loss = ops.mean(ops.square(ops.relu(ops.matmul(x, kernel))))
            optimizer.apply_gradients([(tape.gradient(loss, kernel), kernel)])
        return np.asarray(kernel).tobytes()

    expected = train()
    assert expected != start.tobytes()
    for round in range(ROUNDS):
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if train() == expected else 7)
        if round % 2:
            assert train() == expected  # the parent computes beside its child
        _, status = os.waitpid(child, 0)
        assert status == 0, f"round {round}: status {status}"
    print("done")
"""


def test_fork_after_compute():
    assert output_of(FORK.replace("ROUNDS", "40"), timeout=120) == "done"


def test_fork_from_a_child_and_while_others_compute():
    code = """
        import os, signal, threading, warnings
        import numpy as np
        from minidl import _core
        warnings.simplefilter("ignore", DeprecationWarning)
        _core.set_num_threads(2)
        x = np.ones((400, 400), np.float32)
        stop = threading.Event()

        def work():
            while not stop.is_set():
                _core.matmul(x, x)

        other = threading.Thread(target=work, daemon=True)
        other.start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                signal.alarm(30)
                grandchild = os.fork()
                good = _core.matmul(x, x)[3, 5] == 400
                if grandchild == 0:
                    os._exit(0 if good else 7)
                _, status = os.waitpid(grandchild, 0)
                os._exit(0 if good and status == 0 else 8)
            _, status = os.waitpid(child, 0)
            assert status == 0, status
        stop.set()
        other.join()
        print("done")
    """
    assert output_of(code, timeout=120) == "done"


def test_python_threads_computing_at_once():
    _core.set_num_threads(3)
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((150 + 7 * i, 160)).astype(np.float32) for i in range(6)]
    expected = [_core.softmax(_core.matmul(x, x, False, True)) for x in inputs]
    wrong = []

    def work(i):
        for _ in range(100):
            got = _core.softmax(_core.matmul(inputs[i], inputs[i], False, True))
            if got.tobytes() != expected[i].tobytes():
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
    assert not wrong


def test_changing_the_number_of_threads_beside_work():
    x = np.ones((300, 300), np.float32)
    right = []

    def work():
        right.extend(bool((_core.matmul(x, x) == 300).all()) for _ in range(200))

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    for i in range(300):
        _core.set_num_threads(1 + i % 4)
    worker.join(60)
    assert not worker.is_alive()
    assert len(right) == 200 and all(right)
