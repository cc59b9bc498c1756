"""What the tape keeps and frees, with few and very many records, and with threads."""

import gc
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from minidl import GradientTape, Tensor, Variable, ops
from minidl._tape import is_recording, record, record_count


def value(x):
    return None if x is None else np.asarray(x).tolist()


def test_records_are_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        start = record_count()
        x = Variable(np.ones(4, "float32"))
        with GradientTape() as tape:
            y = ops.sum(ops.tanh(x * x))
        assert record_count() == start + 3
        tape.gradient(y, x)
        assert record_count() == start

        with pytest.raises(ValueError, match="broadcast"), GradientTape() as tape:
            (x * x) + Tensor([1.0, 2.0, 3.0])
        assert record_count() == start
        with pytest.raises(RuntimeError, match="ended with an error"):
            tape.gradient(y, x)

        def broken(dy):
            raise ZeroDivisionError

        with GradientTape() as tape:
            y = x * x
            y = record(y.data.copy(), (y,), (broken,))
            y = y * y
        with pytest.raises(ZeroDivisionError):
            tape.gradient(y, x)
        assert record_count() == start

        with GradientTape(persistent=True) as tape:
            y = x * x
        tape.gradient(y, x)
        assert record_count() == start + 1
        del tape
        assert record_count() == start
    finally:
        gc.enable()


def test_gradients_that_are_not_needed_are_not_computed():
    called = []

    def to(name):
        return lambda dy: (called.append(name), dy)[1]

    a, b = Variable(1.0), Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y = record(a.data + b.data, (a, b), (to("a"), to("b")))
        z = record(y.data + 1, (y, b), (to("y"), to("b again")))
    tape.gradient(z, y)
    assert called == ["y"]
    called.clear()
    tape.gradient(z, a)
    assert called == ["y", "a"]


def test_ops_with_several_outputs():
    x = Variable([1.0, 2.0])

    def gradient(dys):
        first, second = dys
        seen.append((value(first), value(second)))
        return (
            dys[0] if second is None else second * 2.0 if first is None else first + second * 2,
        )

    seen = []
    with GradientTape(persistent=True) as tape:
        y, z = record((x.data.copy(), x.data * 2), (x,), gradient)
        both = y + z
    assert value(tape.gradient(y, x)) == [1.0, 1.0]
    assert value(tape.gradient(z, x)) == [2.0, 2.0]
    assert value(tape.gradient(both, x)) == [3.0, 3.0]
    assert value(tape.gradient(both, [y, z])[1]) == [1.0, 1.0]
    assert seen[0][1] is None and seen[1][0] is None


def test_many_inputs():
    variables = [Variable(np.full(2, i, "float32")) for i in range(20)]
    with GradientTape() as tape:
        y = ops.sum(ops.concatenate([v * float(i) for i, v in enumerate(variables)]))
    got = tape.gradient(y, variables)
    assert [value(g) for g in got] == [[float(i)] * 2 for i in range(20)]


def test_threads_have_tapes_of_their_own():
    v = Variable(2.0)
    problems = []

    def work():
        try:
            assert not is_recording(v)
            for _ in range(200):
                with GradientTape() as tape:
                    y = v * v * v
                assert value(tape.gradient(y, v)) == 12.0
        except Exception as error:
            problems.append(error)

    with GradientTape() as tape:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        y = v * 5.0
        for thread in threads:
            thread.join()
    assert not problems
    assert value(tape.gradient(y, v)) == 5.0


@pytest.mark.parametrize("length", [1_000_000])
def test_a_chain_of_a_million_ops_on_a_small_stack(length):
    code = textwrap.dedent(f"""
        import minidl
        from minidl._tape import record_count
        x = minidl.Variable([1.0, 2.0])
        with minidl.GradientTape() as tape:
            y = x
            for _ in range({length // 2}):
                y = minidl.ops.softmax(y * 1.0)
        assert record_count() == {length}
        g = tape.gradient(y, x)
        assert record_count() == 0 and g.shape == (2,)
        with minidl.GradientTape(persistent=True) as tape:
            y = x
            for _ in range({length}):
                y = y + 1.0
        assert tape.gradient(y, x).tolist() == [1.0, 1.0]
        del tape, y
        assert record_count() == 0
    """)
    command = f"ulimit -s 512; exec {sys.executable} -c '{code}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
