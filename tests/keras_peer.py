"""Keras itself as the oracle: the same layer or model on both sides.

Keras runs on PyTorch here; without them the tests that ask for it are skipped.
"""

import os

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")


def keras():
    """The keras module, or a skip that says why there is none."""
    pytest.importorskip("torch", reason="Keras needs PyTorch: pip install torch keras")
    module = pytest.importorskip("keras", reason="parity needs Keras: pip install keras")
    if module.backend.backend() != "torch":
        pytest.skip(f"Keras runs on {module.backend.backend()}; set KERAS_BACKEND=torch")
    return module


def pytorch():
    """PyTorch, on which Keras runs; a skip where either is missing."""
    keras()
    return pytest.importorskip("torch")


def value(tensor):
    """A NumPy array of a Keras tensor."""
    return tensor.detach().cpu().numpy()


def run_peer(layer, x, dy, training=False):
    """Output of a Keras layer, and the gradients of sum(output * dy) for input and weights."""
    import torch

    x = torch.tensor(x, requires_grad=True)
    weights = [w.value for w in layer.trainable_weights]
    for w in weights:
        w.grad = None
    out = layer(x, training=training) if layer._call_has_training_arg else layer(x)
    (out * torch.tensor(dy)).sum().backward()
    grads = [x.grad if x.grad is not None else torch.zeros_like(x), *(w.grad for w in weights)]
    return value(out), [value(g) for g in grads]


def peer_weights(layer):
    """`get_weights()`, which warns under NumPy 2 in Keras itself."""
    return [value(w.value) for w in layer.weights]
