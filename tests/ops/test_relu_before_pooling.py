"""A relu before max pooling is differentiated behind it, where there is less to look at."""

import minidl
import numpy as np
import pytest
from minidl import layers, ops
from minidl.testing import check_gradients

RNG = np.random.default_rng(0)


def images(*shape):
    """Distinct numbers, many windows all negative."""
    size = int(np.prod(shape))
    return (RNG.permutation(size).reshape(shape) - 0.7 * size + 0.25) / size


def plain(x):
    """relu that pooling does not know: max(x, 0)."""
    return ops.maximum(x, 0.0)


def gradients(relu, x, rest, also=None):
    with minidl.GradientTape(persistent=True) as tape:
        x = minidl.Variable(x)
        y = relu(x)
        loss = rest(y)
    found = tape.gradient(loss, [x, y] if also else [x])
    return [g.numpy() for g in found]


RESTS = {
    "pool": lambda y: ops.sum(ops.square(ops.max_pool2d(y, 2))),
    "overlapping": lambda y: ops.sum(ops.exp(ops.max_pool2d(y, 3, 1, "same"))),
    "shared": lambda y: ops.sum(ops.exp(ops.max_pool2d(y, 2))) + ops.sum(ops.sin(y)),
    "twice": lambda y: (
        ops.sum(ops.exp(ops.max_pool2d(y, 2))) + ops.sum(ops.exp(ops.max_pool2d(y, 3)))
    ),
    "added": lambda y: ops.sum(ops.exp(ops.max_pool2d(ops.relu(y - 0.1) + y, 2))),
    "again": lambda y: ops.sum(ops.exp(ops.max_pool2d(ops.relu(y), 2))),
}


@pytest.mark.parametrize("name", RESTS)
@pytest.mark.parametrize("wanted", [False, True])
def test_same_gradients_as_without(name, wanted):
    x = images(2, 6, 6, 3)
    ours = gradients(ops.relu, x, RESTS[name], wanted)
    theirs = gradients(plain, x, RESTS[name], wanted)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert (ours[0] == 0).any() and (ours[0] != 0).any()


def test_the_gradient_of_the_activation_itself_is_whole():
    """Where a window is all zeros the first of them takes the gradient, if it is asked for."""
    x = minidl.Variable(-np.ones((1, 2, 2, 1), np.float32))
    with minidl.GradientTape(persistent=True) as tape:
        y = ops.relu(x)
        z = ops.sum(ops.max_pool2d(y, 2))
    assert tape.gradient(z, y).numpy().sum() == 1
    assert tape.gradient(z, [y, x])[1].numpy().sum() == 0
    assert tape.gradient(z, x).numpy().sum() == 0


def test_a_tape_that_begins_behind_the_relu():
    y = ops.relu(-np.ones((1, 2, 2, 1), np.float32))
    with minidl.GradientTape() as tape:
        tape.watch(y)
        z = ops.sum(ops.max_pool2d(y, 2))
    assert tape.gradient(z, y).numpy().sum() == 1


def test_against_differences_and_twice():
    def net(x):
        return ops.sum(ops.exp(ops.max_pool2d(ops.relu(x), 2)))

    check_gradients(net, [images(1, 4, 4, 2)])
    x = minidl.Variable(images(1, 4, 4, 2))
    found = []
    for relu in (ops.relu, plain):
        with minidl.GradientTape() as outer:
            with minidl.GradientTape() as inner:
                y = ops.sum(ops.exp(ops.max_pool2d(relu(x), 2)))
            slope = inner.gradient(y, x)
            total = ops.sum(ops.square(slope))
        found.append(outer.gradient(total, x).numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)


@pytest.mark.parametrize("make", [layers.Conv2D, layers.SeparableConv2D])
def test_in_layers(make):
    """Fused relu, the Activation layer and max(x, 0) behind a convolution."""
    x = RNG.normal(size=(2, 7, 7, 3))
    first = make(4, 3, activation="relu", dtype="float64")
    first.build(x.shape)
    second = make(4, 3, dtype="float64")
    second.build(x.shape)
    second.set_weights(first.get_weights())
    results = []
    for calls in ((first,), (second, layers.Activation("relu", dtype="float64")), (second, plain)):
        with minidl.GradientTape() as tape:
            y = ops.convert_to_tensor(x)
            for call in calls:
                y = call(y)
            loss = ops.sum(ops.square(layers.MaxPooling2D(2, dtype="float64")(y)))
        results.append([g.numpy() for g in tape.gradient(loss, calls[0].trainable_variables)])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
