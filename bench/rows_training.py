"""Rows of whole steps: the optimizer alone, two hundred tiny ops, training and prediction."""

from functools import partial

import minidl
import numpy as np
from minidl import layers, ops

from bench.peers import torch
from bench.rows import Row, arguments
from bench.timing import Call

BATCH = 64
STEPS = 20  # batches of one call of fit and predict


def _adam():
    row = "Adam 10 M parameters"

    def build():
        (args,) = arguments(row, "adam")
        weights, gradients = args[:2]
        variables = [minidl.Variable(w) for w in weights]
        optimizer = minidl.optimizers.Adam(1e-3)
        pairs = list(zip(gradients, variables, strict=True))

        def ours():
            optimizer.apply_gradients(pairs)

        # Reading a Variable copies it: that is no part of a step.
        calls = {"minidl": Call(ours, lambda _: [v.numpy() for v in variables])}
        if torch:
            parameters = [torch.nn.Parameter(torch.from_numpy(w.copy())) for w in weights]
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = torch.from_numpy(gradient)
            fused = torch.optim.Adam(parameters, 1e-3, eps=1e-7, fused=True)

            def theirs():
                fused.step()

            calls["torch fused"] = Call(theirs, lambda _: [p.detach().numpy() for p in parameters])
        return calls

    # Reads weights, gradients and two moments; writes weights and moments.
    return Row(row, build, 0.0, 7 * 4.0 * 10e6, "triad", 1.0, 0.85)


def _tiny_ops():
    """Fifty rounds of multiply, add, tanh, subtract on 16 numbers, and back."""

    def chain(tanh, x, w, b):
        h = x
        for _ in range(50):
            h = tanh(h * w + b) - x
        return h

    def build():
        rng = np.random.default_rng(0)
        x, w, b = (rng.uniform(-1, 1, 16).astype(np.float32) for _ in range(3))
        ours_w, ours_b = minidl.Variable(w), minidl.Variable(b)
        ours_x = ops.convert_to_tensor(x)

        def ours():
            with minidl.GradientTape() as tape:
                out = chain(ops.tanh, ours_x, ours_w, ours_b)
            return tape.gradient(out, [ours_w, ours_b])

        calls = {"minidl": Call(ours)}
        if torch:
            their_x = torch.from_numpy(x)
            their_w, their_b = (torch.from_numpy(a.copy()).requires_grad_() for a in (w, b))
            ones = torch.ones(16)

            def theirs():
                out = chain(torch.tanh, their_x, their_w, their_b)
                return torch.autograd.grad(out, (their_w, their_b), ones)

            calls["torch"] = Call(theirs)
        return calls

    return Row("200 tiny ops fwd+bwd", build, target=2.0)


def _dense_layers():
    return [
        layers.Input((784,)),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10),
    ]


def _cnn_layers():
    """The network of seed item 23; the loss works on scores instead of a final softmax."""
    return [
        layers.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10),
    ]


class _ChannelsFirst:
    """How PyTorch wants this network: images and filters its way, flattened in our order."""

    def __init__(self, memory_format):
        self.format = memory_format

    def network(self, model):
        nn = torch.nn
        if len(model.layers) == 3:
            first, second, last = (nn.Linear(784, 128), nn.Linear(128, 64), nn.Linear(64, 10))
            network = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)
        else:
            first, second, last = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3), nn.Linear(1600, 10)
            pool = partial(nn.MaxPool2d, 2)
            network = nn.Sequential(
                *(first, nn.ReLU(), pool(), second, nn.ReLU(), pool()),
                *(nn.Flatten(), last),
            )
        weights = iter(model.get_weights())
        with torch.no_grad():
            for layer in (first, second, last):
                layer.weight.copy_(_weight(layer, next(weights)))
                layer.bias.copy_(torch.from_numpy(next(weights)))
        return network.to(memory_format=self.format)

    def inputs(self, x):
        tensor = torch.from_numpy(x)
        if x.ndim == 2:
            return tensor
        return tensor.permute(0, 3, 1, 2).contiguous(memory_format=self.format)


def _weight(layer, ours):
    ours = torch.from_numpy(ours)
    if isinstance(layer, torch.nn.Conv2d):
        return ours.permute(3, 2, 0, 1)
    if layer.in_features == 1600:  # our rows are (height, width, channel), theirs channel first
        return ours.reshape(5, 5, 64, 10).permute(3, 2, 0, 1).reshape(10, 1600)
    return ours.T


def _data(shape, count):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((count, *shape)).astype(np.float32)
    return x, rng.integers(0, 10, count)


def _their_formats(make_layers):
    if torch is None:
        return {}
    if make_layers is _dense_layers:
        return {"torch": torch.contiguous_format}
    return {"torch": torch.contiguous_format, "torch channels_last": torch.channels_last}


def _model(make_layers):
    minidl.set_random_seed(1)
    model = minidl.Sequential(make_layers())
    model.compile(
        optimizer=minidl.optimizers.Adam(1e-3),
        loss=minidl.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


def _their_step(network, x, y):
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, eps=1e-7, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def _training(name, make_layers, shape, target):
    """A step written out with a tape, against the same step in PyTorch."""

    def build():
        x, y = _data(shape, BATCH)
        model = _model(make_layers)
        loss_of = minidl.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = minidl.optimizers.Adam(1e-3)
        calls = {}
        for library, memory_format in _their_formats(make_layers).items():
            theirs = _ChannelsFirst(memory_format)
            step = _their_step(theirs.network(model), theirs.inputs(x), torch.from_numpy(y))
            calls[library] = Call(step, lambda loss: [loss.detach().numpy()])
        variables = model.trainable_variables

        def ours():
            with minidl.GradientTape() as tape:
                loss = loss_of(y, model(x, training=True))
            gradients = tape.gradient(loss, variables)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            return loss

        return {"minidl": Call(ours), **calls}

    return Row(f"{name} train, tape loop", build, target=target)


def _fit(name, make_layers, shape, target):
    """`fit`, per batch: all its bookkeeping included; the peer's bare loop on its side."""

    def build():
        x, y = _data(shape, BATCH * STEPS)
        model = _model(make_layers)
        calls = {}
        for library, memory_format in _their_formats(make_layers).items():
            theirs = _ChannelsFirst(memory_format)
            network = theirs.network(model)
            batches = torch.utils.data.TensorDataset(theirs.inputs(x), torch.from_numpy(y))
            calls[library] = Call(_their_epoch(network, batches.tensors), lambda loss: [loss])

        def ours():
            history = model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
            return [np.float32(history.history["loss"][0])]

        return {"minidl": Call(ours), **calls}

    return Row(f"{name} train, fit ({STEPS} batches)", build, target=target)


def _their_epoch(network, tensors):
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, eps=1e-7, fused=True)

    def epoch():
        total = 0.0
        for x, y in zip(*(t.split(BATCH) for t in tensors), strict=True):
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(network(x), y)
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
        return np.float32(total / STEPS)

    return epoch


def _predict(name, make_layers, shape, target):
    """One batch, nothing recorded."""

    def build():
        x, _ = _data(shape, BATCH)
        model = _model(make_layers)
        calls = {}
        for library, memory_format in _their_formats(make_layers).items():
            theirs = _ChannelsFirst(memory_format)
            network, images = theirs.network(model).eval(), theirs.inputs(x)

            def run(network=network, images=images):
                with torch.inference_mode():
                    return network(images)

            calls[library] = Call(run, lambda y: [y.numpy()])
        return {"minidl": Call(lambda: model.predict_on_batch(x)), **calls}

    return Row(f"{name} predict", build, target=target)


ROWS = [
    _adam(),
    _tiny_ops(),
    _training("W1 dense", _dense_layers, (784,), 1.0),
    _fit("W1 dense", _dense_layers, (784,), 1.0),
    _predict("W1 dense", _dense_layers, (784,), 1.0),
    _training("W2 CNN", _cnn_layers, (28, 28, 1), 1.0),
    _fit("W2 CNN", _cnn_layers, (28, 28, 1), 1.0),
    _predict("W2 CNN", _cnn_layers, (28, 28, 1), 1.0),
]
