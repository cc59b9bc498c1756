"""Rows of whole networks: ResNet50, the generator of a GAN, InceptionV3 (W3, W6, W7)."""

import minidl
import numpy as np
from minidl import applications, layers

from bench.peers import formats, images, torch
from bench.rows import Row
from bench.timing import Call


def _resnet():
    minidl.set_random_seed(1)
    return applications.ResNet50(weights=None, classifier_activation=None)


def _inception():
    minidl.set_random_seed(1)
    return applications.InceptionV3(weights=None, classifier_activation=None)


def _generator():
    """The generator of seed item 30: noise to images of 28x28."""
    minidl.set_random_seed(1)
    return minidl.Sequential(
        [
            layers.Input((100,)),
            layers.Dense(7 * 7 * 128, activation="relu"),
            layers.Reshape((7, 7, 128)),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2D(1, 7, padding="same", activation="tanh"),
        ]
    )


def _their_input(x, memory_format):
    return torch.from_numpy(x) if x.ndim == 2 else images(x, memory_format)


def _inputs(model, batch):
    rng = np.random.default_rng(0)
    return rng.standard_normal((batch, *model.input_shape[1:])).astype(np.float32)


def _back(y):
    return [y.permute(0, 2, 3, 1).numpy() if y.ndim == 4 else y.numpy()]


def _predict(name, make, batch, target):
    def build():
        from bench.torch_models import module

        model = make()
        x = _inputs(model, batch)
        calls = {"minidl": Call(lambda: model.predict_on_batch(x))}
        for library, memory_format in formats().items():
            network = module(model, memory_format).eval()
            theirs = _their_input(x, memory_format)

            def run(network=network, theirs=theirs):
                with torch.inference_mode():
                    return network(theirs)

            calls[library] = Call(run, _back)
        return calls

    return Row(name, build, target=target)


def _train(name, make, batch, target):
    """Mean squared error for images, cross-entropy for scores; Adam. The loss must agree."""

    def build():
        from bench.torch_models import module

        model = make()
        x = _inputs(model, batch)
        rng = np.random.default_rng(1)
        shape = model.output_shape[1:]
        drawn = len(shape) == 3
        if drawn:
            y = rng.uniform(-1, 1, (batch, *shape)).astype(np.float32)
            loss_of = minidl.losses.MeanSquaredError()
        else:
            y = rng.integers(0, shape[0], batch)
            loss_of = minidl.losses.SparseCategoricalCrossentropy(from_logits=True)
        calls = {}
        for library, memory_format in formats().items():
            network = module(model, memory_format).train()
            their_x = _their_input(x, memory_format)
            their_y = images(y, memory_format) if drawn else torch.from_numpy(y)
            step = _their_step(network, [their_x], their_y, drawn)
            calls[library] = Call(step, lambda loss: [loss.detach().numpy()])
        optimizer = minidl.optimizers.Adam(1e-3)
        variables = model.trainable_variables

        def ours():
            with minidl.GradientTape() as tape:
                loss = loss_of(y, model(x, training=True))
            gradients = tape.gradient(loss, variables)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            return loss

        return {"minidl": Call(ours), **calls}

    return Row(name, build, target=target)


def _their_step(network, x, y, drawn):
    f = torch.nn.functional
    loss_of = f.mse_loss if drawn else f.cross_entropy
    wanted = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(wanted, 1e-3, eps=1e-7, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(network(*x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


ROWS = [
    _train("W3 ResNet50 train", _resnet, 8, 1.3),
    _predict("W3 ResNet50 predict", _resnet, 8, 1.29),
    _train("W6 GAN generator train", _generator, 64, 1.84),
    _predict("W7 InceptionV3 predict", _inception, 4, 1.56),
]
