"""Layers that make one tensor of several: against Keras, their masks, gradients and errors."""

import minidl
import numpy as np
import pytest
from minidl import layers, ops
from minidl.testing import check_gradients

from tests.checks import assert_close
from tests.keras_peer import keras, pytorch, value

ELEMENTWISE = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]


def _shapes(name, rng):
    """A configuration and the shapes of the inputs."""
    batch = int(rng.integers(1, 4))
    inner = [int(n) for n in rng.integers(1, 5, rng.integers(1, 4))]
    count = 2 if name in ("Subtract", "Dot") else int(rng.integers(1, 4))
    if name == "Concatenate":
        axis = int(rng.integers(1, len(inner) + 1))
        shapes = []
        for _ in range(count):
            sizes = [batch, *inner]
            sizes[axis] = int(rng.integers(1, 5))
            shapes.append(tuple(sizes))
        return {"axis": axis - (len(inner) + 1) * int(rng.integers(2))}, shapes
    if name == "Dot":
        shapes = [[batch, *(int(n) for n in rng.integers(1, 5, rng.integers(1, 4)))]
                  for _ in range(2)]  # fmt: skip
        axes = tuple(int(rng.integers(1, len(s))) for s in shapes)
        shapes[1][axes[1]] = shapes[0][axes[0]]
        return {"axes": axes, "normalize": bool(rng.integers(2))}, [tuple(s) for s in shapes]
    shapes = [(batch, *inner)]
    for _ in range(count - 1):  # some axes are 1, some leading ones are missing
        other = [n if rng.integers(4) else 1 for n in inner]
        shapes.append((batch, *other[int(rng.integers(len(other))) * int(rng.integers(2)) :]))
    return {}, shapes


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate", "Dot"])
def test_equals_keras(name, number):
    torch = pytorch()

    rng = np.random.default_rng([len(name), number])
    config, shapes = _shapes(name, rng)
    peer = getattr(keras().layers, name)(name="same", **config)
    ours = getattr(layers, name)(name="same", **config)
    assert ours.get_config() == peer.get_config()
    assert type(ours).from_config(peer.get_config()).get_config() == ours.get_config()
    assert tuple(ours.compute_output_shape(shapes)) == tuple(peer.compute_output_shape(shapes))
    xs = [rng.standard_normal(s).astype(np.float32) for s in shapes]
    theirs = [torch.tensor(x, requires_grad=True) for x in xs]
    expected = peer(theirs)
    dy = rng.standard_normal(expected.shape).astype(np.float32)
    (expected * torch.tensor(dy)).sum().backward()
    tensors = [minidl.Tensor(x) for x in xs]
    with minidl.GradientTape() as tape:
        tape.watch(tensors)
        out = ours(tensors)
        loss = ops.sum(out * dy)
    assert_close(out, value(expected), 1e-5, "output")
    for got, wanted in zip(tape.gradient(loss, tensors), theirs, strict=True):
        np.testing.assert_allclose(got, value(wanted.grad), 1e-4, 1e-5)


@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate"])
@pytest.mark.parametrize("with_masks", [(True, True), (True, False), (False, False)])
def test_masks_equal_keras(name, with_masks):
    peer, ours = getattr(keras().layers, name)(), getattr(layers, name)()
    rng = np.random.default_rng(3)
    xs = [rng.standard_normal((2, 3, 4)).astype(np.float32) for _ in range(2)]
    masks = [rng.integers(0, 2, (2, 3)) > 0 if there else None for there in with_masks]
    got, expected = ours.compute_mask(xs, masks), None
    tensors = [keras().ops.convert_to_tensor(x) for x in xs]
    expected = peer.compute_mask(tensors, [None if m is None else keras().ops.convert_to_tensor(m)
                                           for m in masks])  # fmt: skip
    assert (got is None) == (expected is None)
    if got is not None:
        np.testing.assert_array_equal(got.numpy(), value(expected))
    assert ours.compute_mask(xs, None) is None
    with pytest.raises(ValueError, match="mask"):
        ours.compute_mask(xs, masks[:1])


@pytest.mark.parametrize("name", ["Maximum", "Minimum"])
@pytest.mark.parametrize("with_masks", [(1, 1, 1), (1, 0, 1), (0, 1, 0), (1, 1, 0)])
def test_masked_steps_take_no_part(name, with_masks):
    peer, ours = getattr(keras().layers, name)(), getattr(layers, name)()
    from keras.src.backend.common.masking import set_keras_mask

    rng = np.random.default_rng(4)
    xs = [rng.standard_normal((2, 3, 4)).astype(np.float32) for _ in with_masks]
    masks = [rng.integers(0, 2, (2, 3)) > 0 if there else None for there in with_masks]
    tensors = [keras().ops.convert_to_tensor(x) for x in xs]
    for tensor, mask in zip(tensors, masks, strict=True):
        if mask is not None:
            set_keras_mask(tensor, keras().ops.convert_to_tensor(mask))
    ours(xs)
    np.testing.assert_array_equal(ours.call([minidl.Tensor(x) for x in xs], mask=masks).numpy(),
                                  value(peer(tensors)))  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_functions(name):
    x = [np.full((1, 2), n, np.float32) for n in (3.0, 2.0)]
    expected = {"Add": 5, "Subtract": 1, "Multiply": 6, "Average": 2.5, "Maximum": 3, "Minimum": 2}
    assert getattr(layers, name.lower())(x).numpy().tolist() == [[expected[name]] * 2]
    assert layers.concatenate(x, axis=1).shape == (1, 4)
    assert layers.dot(x, axes=1).numpy() == 12


@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate", "Dot"])
def test_gradients(name):
    for number in range(3):
        rng = np.random.default_rng([7, number])
        config, shapes = _shapes(name, rng)
        layer = getattr(layers, name)(dtype="float64", **config)
        size = sum(int(np.prod(s)) for s in shapes)
        values = iter((rng.permutation(size) + 0.25) / 16 - size / 32)
        xs = [np.reshape([next(values) for _ in range(int(np.prod(s)))], s) for s in shapes]
        check_gradients(lambda *x, layer=layer: layer(list(x)), xs, max_jacobian=20, projections=2)


A, B = np.ones((2, 3), np.float32), np.ones((2, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.Add()(A), "list"),
        (lambda: layers.Add()([A, B]), r"\(2, 3\).*\(2, 4\)"),
        (lambda: layers.Add()([A, np.ones((4, 3), np.float32)]), "batch"),
        (lambda: layers.Subtract()([A, A, A]), "exactly 2"),
        (lambda: layers.Concatenate(axis=0)([A, B]), r"axis 0.*\(2, 4\)"),
        (lambda: layers.Concatenate()([A, np.ones((2, 2, 2), np.float32)]), "axis"),
        (lambda: layers.Concatenate(axis=5)([A, A]), "axis=5"),
        (lambda: layers.Concatenate(axis=1.5), "axis.*1.5"),
        (lambda: layers.Dot(axes=1)([A, B]), r"axes=1.*\(2, 3\)"),
        (lambda: layers.Dot(axes=0)([A, A]), "axes=0"),
        (lambda: layers.Dot(axes=2)([A, A]), "axes=2"),
        (lambda: layers.Dot(axes=(1, 2, 3)), "two integers"),
        (lambda: layers.Dot(axes=1)([A, A, A]), "exactly 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    with pytest.raises(TypeError, match="axes"):
        layers.Dot(axes="one")


@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate"])
def test_masks_travel(name):
    x = np.ones((2, 3, 4), np.float32)
    x[0, 1:] = 0
    first, second = minidl.Tensor(x), minidl.Tensor(x * 2)
    for tensor in (first, second):
        tensor._keras_mask = minidl.Tensor(x.any(-1))
    merged = getattr(layers, name)()([first, second])
    np.testing.assert_array_equal(merged._keras_mask, x.any(-1))


def test_functional_model_with_branches():
    inputs = minidl.Input((4,))
    left = layers.Dense(3, activation="relu")(inputs)
    right = layers.Dense(3, activation="tanh")(inputs)
    out = layers.Concatenate()([layers.Add()([left, right]), layers.multiply([left, right])])
    model = minidl.Model(inputs, layers.Dense(1)(out))
    model.compile("adam", "mse")
    x = np.random.default_rng(0).standard_normal((16, 4)).astype(np.float32)
    history = model.fit(x, x[:, :1], epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert out.shape == (None, 6)
