"""Arguments that Keras's functions have and that are seldom used."""

import minidl
import numpy as np
import pytest
from minidl import ops

from tests.keras_peer import keras, value

X = np.array([[1.0, -2.0], [3.0, 0.5]], np.float32)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("initial", [-5.0, 0.75, 5.0])
def test_initial(name, axis, initial):
    ours = getattr(ops, name)(X, axis=axis, initial=initial).numpy()
    theirs = value(getattr(keras().ops, name)(X, axis=axis, initial=initial))
    np.testing.assert_array_equal(ours, theirs)


def test_initial_answers_for_an_empty_axis_and_has_a_gradient():
    assert ops.max(np.zeros((2, 0), np.float32), axis=1, initial=3.0).numpy().tolist() == [3, 3]
    x = minidl.Variable(X)
    with minidl.GradientTape() as tape:
        y = ops.sum(ops.max(x, axis=1, initial=2.0))
    assert tape.gradient(y, x).numpy().tolist() == [[0, 0], [1, 0]]


def test_where_with_a_condition_alone():
    ours = ops.where(X > 0)
    theirs = keras().ops.where(X > 0)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.numpy(), value(b))
    with pytest.raises(ValueError, match="both be given"):
        ops.where(X > 0, X)


def test_arange_without_a_step():
    assert ops.arange(2, 5, None).numpy().tolist() == [2, 3, 4]
    assert ops.arange(3, step=None).dtype == "int32"
