"""A layer of Keras beside the same layer of minidl."""

import minidl
import numpy as np

from tests.checks import assert_close
from tests.keras_peer import keras, run_peer


def make_pair(name, config, shape):
    """A Keras layer with random weights and the minidl layer made from its config."""
    peer = getattr(keras().layers, name)(**config)
    peer.build(shape)
    ours = getattr(minidl.layers, name).from_config(peer.get_config())
    ours.build(shape)
    rng = np.random.default_rng(0)
    weights = [rng.uniform(0.2, 1.0, w.shape).astype(np.float32) * rng.choice([-1, 1])
               if "variance" not in w.name else rng.uniform(0.5, 2.0, w.shape).astype(np.float32)
               for w in peer.weights]  # fmt: skip
    assert [w.name for w in ours.weights] == [w.name for w in peer.weights]
    peer.set_weights(weights)
    ours.set_weights(weights)
    return ours, peer


def run(layer, x, dy, training=False):
    """Output and gradients of a minidl layer; as `run_peer`."""
    x = minidl.Tensor(x)
    with minidl.GradientTape() as tape:
        tape.watch(x)
        out = layer(x, training=training)
        loss = minidl.ops.sum(out * dy)
    grads = tape.gradient(loss, [x, *layer.trainable_weights], unconnected_gradients="zero")
    return out.numpy(), [g.numpy() for g in grads]


def compare(ours, peer, shape, training):
    rng = np.random.default_rng(1)
    x = rng.standard_normal(shape, np.float32)
    dy = rng.standard_normal(peer.compute_output_shape(shape), np.float32)
    out, grads = run(ours, x, dy, training)
    wanted, wanted_grads = run_peer(peer, x, dy, training)
    assert out.dtype == wanted.dtype
    assert_close(out, wanted, 1e-5, "output")
    assert len(grads) == len(wanted_grads)
    for i, (g, w) in enumerate(zip(grads, wanted_grads, strict=True)):
        assert_close(g, w, 1e-4, f"gradient {i}")
