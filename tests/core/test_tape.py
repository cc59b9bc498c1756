"""GradientTape: TensorFlow's documented behaviour."""

import numpy as np
import pytest
from minidl import GradientTape, Tensor, Variable, ops
from minidl._tape import is_recording, record_count


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
