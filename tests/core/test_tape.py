"""GradientTape: TensorFlow's documented behaviour, and random graphs against the plain tape."""

import gc
import random
import subprocess
import sys
import textwrap
import threading

import minidl
import numpy as np
import pytest
from minidl import GradientTape, Tensor, Variable, ops
from minidl._tape import is_recording, record, record_count

from tests.references import tape as oracle


def value(x):
    return None if x is None else np.asarray(x).tolist()


def test_gradient_of_a_square():
    x = Tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert value(tape.gradient(y, x)) == 6.0


def test_variables_are_watched_by_themselves():
    v, fixed = Variable(2.0), Variable(2.0, trainable=False)
    with GradientTape() as tape:
        y = v * fixed
    assert [x is v for x in tape.watched_variables()] == [True]
    assert value(tape.gradient(y, [v, fixed])) == [2.0, None]
    assert [x is v for x in tape.watched_variables()] == [True]


def test_no_automatic_watching():
    a, b = Variable(2.0), Variable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    assert value(tape.gradient(y, [a, b])) == [3.0, None]


def test_watched_variables_in_order():
    variables = [Variable(float(i)) for i in range(4)]
    with GradientTape() as tape:
        y = variables[2] * variables[0] + variables[3]
        y = y * variables[2]
    found = tape.watched_variables()
    assert [next(i for i, v in enumerate(variables) if v is x) for x in found] == [2, 0, 3]


def test_nothing_is_recorded_outside_a_tape():
    v = Variable(2.0)
    before = record_count()
    y = v * v
    assert record_count() == before and not is_recording(v)
    with GradientTape() as tape:
        z = v * 3.0
        assert is_recording(v) and is_recording(z) and not is_recording(y)
    assert tape.gradient(y, v) is None


def test_constants_and_unconnected_sources():
    x, other = Tensor([1.0, 2.0]), Tensor([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        tape.watch([x, other])
        y = ops.stop_gradient(x) * 2.0
    assert tape.gradient(y, x) is None
    assert value(tape.gradient(y, other, unconnected_gradients="zero")) == [0.0, 0.0]
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, x, unconnected_gradients="zeros")


def test_second_gradient_call_needs_persistence():
    x = Variable(2.0)
    with GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="non-persistent"):
        tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="non-persistent"):
        tape.jacobian(y, x)
    with GradientTape(persistent=True) as tape:
        y = x * x
        z = y * y
    assert value(tape.gradient(y, x)) == 4.0
    assert value(tape.gradient(z, x)) == 32.0
    assert value(tape.gradient(z, y)) == 8.0


def test_target_and_sources_are_checked():
    x = Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
    with pytest.raises(TypeError, match="target"):
        tape.gradient(None, x)
    with pytest.raises(TypeError, match="target"):
        tape.gradient(3.0, x)
    with pytest.raises(TypeError, match="sources"):
        tape.gradient(y, np.ones(3))
    with pytest.raises(TypeError, match="sources"):
        tape.gradient(y, [x, None])
    with pytest.raises(ValueError, match="one per target"):
        tape.gradient([y, y], x, output_gradients=[Tensor(1.0)])
    with pytest.raises(ValueError, match="shape of its target"):
        tape.gradient(y, x, output_gradients=Tensor([1.0, 2.0]))
    assert value(tape.gradient(y, x)) == 4.0


def test_watch_is_checked():
    with GradientTape() as tape:
        with pytest.raises(ValueError, match=r"tape\.watch"):
            tape.watch(np.ones(2))
        with pytest.warns(UserWarning, match="floating"):
            tape.watch(Tensor([1, 2]))
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = ops.cast(x, "int32")
    with pytest.warns(UserWarning, match="floating"):
        assert tape.gradient(y, x) is None


def test_structures_of_sources():
    a, b, c = Variable(1.0), Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = a * b * c
    got = tape.gradient(y, {"ab": [a, b], "c": (c,), "none": []})
    assert value(got["ab"][0]) == 6.0 and value(got["ab"][1]) == 3.0
    assert isinstance(got["c"], tuple) and value(got["c"][0]) == 2.0 and got["none"] == []
    assert [value(g) for g in tape.gradient(y, [a, a])] == [6.0, 6.0]


def test_several_targets_add_up():
    x = Variable(2.0)
    with GradientTape(persistent=True) as tape:
        y, z = x * x, x * 3.0
    assert value(tape.gradient([y, z], x)) == 7.0
    assert value(tape.gradient({"y": y, "again": y}, x)) == 8.0
    assert value(tape.gradient([y, z], x, output_gradients=[Tensor(2.0), 10.0])) == 38.0


def test_a_target_that_is_its_own_source():
    x = Tensor([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
    assert value(tape.gradient(x, x)) == [1.0, 1.0]


def test_intermediate_sources():
    x = Variable(2.0)
    with GradientTape() as tape:
        y = x * x
        z = y * y * x
    assert [value(g) for g in tape.gradient(z, [x, y])] == [80.0, 16.0]


def test_stop_recording():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            z = y * y
            assert not is_recording(x)
        w = y + z
    assert value(tape.gradient(w, x)) == 6.0
    with pytest.raises(RuntimeError, match="not recording"):
        tape.stop_recording()


def test_reset_forgets():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        tape.reset()
        z = x * 2.0
        y = z + y
    assert value(tape.gradient(y, x)) == 2.0


def test_tapes_cannot_be_entered_twice_at_once():
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
        with pytest.raises(ValueError, match="already-active"), tape:
            pass
    with tape:
        z = y * x
    assert value(tape.gradient(z, x)) == 27.0


def test_gradient_inside_the_block_ends_the_recording():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        assert value(tape.gradient(y, x)) == 6.0
        x * x
        assert not is_recording(x)
    with GradientTape(persistent=True) as tape:
        y = x * x * x
        g = tape.gradient(y, x)
        assert is_recording(x)
    assert value(tape.gradient(g, x)) == 18.0


def test_nested_tapes_give_second_derivatives():
    x = Variable(3.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x * x * x
        g = inner.gradient(y, x)
    assert value(g) == 27.0
    assert value(outer.gradient(g, x)) == 18.0


def test_tapes_of_any_depth():
    x = Tensor(1.5)

    def nth(order):
        if order == 0:
            return ops.exp(x * 2.0)
        with GradientTape() as tape:
            tape.watch(x)
            y = nth(order - 1)
        return tape.gradient(y, x)

    for order in range(5):
        np.testing.assert_allclose(float(nth(order)), 2.0**order * np.exp(3.0), rtol=1e-5)


def test_tapes_may_end_in_any_order():
    x = Variable(3.0)
    first, second = GradientTape(), GradientTape()
    first.__enter__()
    second.__enter__()
    y = x * x
    first.__exit__(None, None, None)
    z = y * x
    second.__exit__(None, None, None)
    assert not is_recording(x)
    assert value(first.gradient(y, x)) == 6.0
    assert value(second.gradient(z, x)) == 27.0


def test_an_inner_tape_may_watch_what_the_outer_one_recorded():
    x = Variable(2.0)
    with GradientTape() as outer:
        y = x * x
        with GradientTape() as inner:
            inner.watch(y)
            z = y * y
        g = inner.gradient(z, y)
        w = g * y
    assert value(g) == 8.0
    assert value(outer.gradient(w, x)) == 64.0


def test_jacobian():
    x = Variable([1.0, 2.0, 3.0])
    with GradientTape() as tape:
        y = ops.stack([x[0] * x[1], x[2] * x[2]])
    assert value(tape.jacobian(y, x)) == [[2.0, 1.0, 0.0], [0.0, 0.0, 6.0]]
    with GradientTape(persistent=True) as tape:
        y = x * x
    assert tape.jacobian(y, Variable(1.0)) is None
    zeros = tape.jacobian(y, Variable([1.0, 1.0]), unconnected_gradients="zero")
    assert zeros.shape == (3, 2) and not np.asarray(zeros).any()
    with pytest.raises(TypeError, match="jacobian"):
        tape.jacobian([y], x)


def test_changing_a_needed_variable_is_an_error():
    v = Variable([2.0], name="speed")
    with GradientTape() as tape:
        y = v * v
    v.assign_add([1.0])
    with pytest.raises(RuntimeError, match="'speed' was changed"):
        tape.gradient(y, v)
    with pytest.raises(RuntimeError, match="non-persistent"):
        tape.gradient(y, v)


def test_changing_a_variable_that_is_not_needed_is_none():
    v, w = Variable([2.0]), Variable([5.0])
    with GradientTape() as tape:
        y = v + w
    v.assign([7.0])
    assert value(tape.gradient(y, v)) == [1.0]
    with GradientTape() as tape:
        v.assign([3.0])
        y = v * v
    assert value(tape.gradient(y, v)) == [6.0]
    with GradientTape() as tape:
        y = v.value * v.value
    v.assign([9.0])
    assert value(tape.gradient(y, v)) == [6.0]


def test_views_of_a_variable_do_not_follow_it():
    v = Variable([1.0, 2.0])
    for view in (
        ops.reshape(v, (2, 1)),
        v[:1],
        ops.transpose(v),
        ops.flip(v),
        v.value,
        ops.convert_to_tensor(v),
        ops.stop_gradient(v),
        ops.cast(v, "float32"),
    ):
        before = np.array(view)
        v.assign_add([1.0, 1.0])
        np.testing.assert_array_equal(before, view)


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


UNARY = ["exp", "tanh", "square", "neg", "sum0", "transpose", "flat"]
BINARY = ["add", "subtract", "multiply", "divide", "matmul"]


def apply(module, name, *args):
    """One step of a program, the same for both tapes."""
    if name in ("exp", "tanh"):
        return getattr(module, name)(args[0] * 0.5)
    if name == "square":
        return module.square(args[0])
    if name == "neg":
        return -args[0]
    if name == "sum0":
        return module.sum(args[0], 0) + args[0]
    if name == "transpose":
        return module.transpose(args[0])
    if name == "flat":
        return module.reshape(module.reshape(args[0], (9,)), (3, 3))
    a, b = args
    if name == "divide":
        return a / (module.square(b) + 1.0)
    if name == "matmul":
        return module.tanh(a @ b)
    return {"add": a + b, "subtract": a - b, "multiply": module.tanh(a * b)}[name]


def random_program(rng):
    """Steps (name, operand indices); the operands 0..3 are two variables and two constants."""
    steps = []
    for i in range(rng.randint(3, 25)):
        if rng.random() < 0.4:
            steps.append((rng.choice(UNARY), (rng.randrange(4 + i),)))
        else:
            steps.append((rng.choice(BINARY), (rng.randrange(4 + i), rng.randrange(4 + i))))
    return steps


def run_program(module, tape_class, leaves, steps, settings):
    """First and second derivatives of a program, of all leaves and one step in the middle."""
    persistent, watched, pause = settings
    with tape_class() as outer:
        outer.watch(leaves[2])
        with tape_class(persistent=persistent) as inner:
            if watched:
                inner.watch([leaves[2], leaves[3]])
            values = list(leaves)
            for i, (name, operands) in enumerate(steps):
                args = [values[j] for j in operands]
                if i == pause:
                    inner.__exit__(None, None, None)
                    values.append(apply(module, name, *args))
                    inner.__enter__()
                else:
                    values.append(apply(module, name, *args))
            target = module.sum(values[-1]) + module.sum(values[len(values) // 2])
        sources = [*leaves, values[4 + len(steps) // 3]]
        first = inner.gradient(target, sources)
        total = None
        for g in first:
            if g is not None:
                part = module.sum(module.square(g))
                total = part if total is None else total + part
    if total is None:
        return first, [None]
    return first, outer.gradient(total, [*leaves])


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs_equal_the_plain_tape(seed):
    rng = random.Random(seed)
    steps = random_program(rng)
    settings = rng.random() < 0.3, rng.random() < 0.5, rng.randrange(2 * len(steps))
    numbers = np.random.default_rng(seed)
    arrays = [numbers.standard_normal(s) for s in ((3, 3), (3, 1), (3, 3), (1, 3))]
    arrays = [np.broadcast_to(a, (3, 3)).copy() for a in arrays]

    def leaves(module):
        return [module.Variable(a) for a in arrays[:2]] + [module.Tensor(a) for a in arrays[2:]]

    got = run_program(ops, GradientTape, leaves(minidl), steps, settings)
    wanted = run_program(oracle, oracle.GradientTape, leaves(oracle), steps, settings)
    assert record_count() == 0
    for a, b in zip([*got[0], *got[1]], [*wanted[0], *wanted[1]], strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-8, atol=1e-9)
