"""Item 4: gradients that vanish or explode in a net of 30 layers, and what cures them.

The gradient of the loss is measured at every layer. With sigmoids it shrinks by a factor a layer
and the first layers learn nothing; with weights too large it grows to millions. Of the text's
cures, batch normalisation and LeakyReLU (with weights scaled for it) repair the gradient itself.
A smaller learning rate does not: it keeps a step from blowing up, and leaves a vanished gradient
vanished. Adam divides by the size of the gradient, layer by layer, so that small ones move
weights too, down to its epsilon: at 8 layers that helps, at 30 it does not. Clipping, which the
text leaves out, bounds the exploding one.

    python examples/04_vanishing_and_exploding_gradients.py [picture.png]
"""

import minidl
import numpy as np
from _common import draw, load, picture_from_command_line, report
from minidl import initializers, layers, losses, optimizers

DEPTH, WIDTH = 30, 64


def net(activation, scale, normalise=False, depth=DEPTH):
    """`depth` dense layers; weights have the standard deviation scale / sqrt(WIDTH)."""
    minidl.set_random_seed(0)
    inner = [layers.Flatten()]
    for _ in range(depth):
        start = initializers.RandomNormal(stddev=scale / np.sqrt(WIDTH))
        inner.append(layers.Dense(WIDTH, kernel_initializer=start))
        inner += [layers.BatchNormalization()] if normalise else []
        inner.append(layers.LeakyReLU(0.01) if activation == "leaky" else
                     layers.Activation(activation))  # fmt: skip
    return minidl.Sequential([minidl.Input((8, 8, 1)), *inner, layers.Dense(10)])


def gradient_norms(model, x, y):
    """The length of the gradient at each layer's kernel, from the first to the last."""
    kernels = [v for v in model.trainable_variables if v.name == "kernel" and v.ndim == 2]
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)
    with minidl.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    grads = tape.gradient(loss, kernels)[:DEPTH]
    return [float(np.linalg.norm(g.numpy().astype(np.float64))) for g in grads]


def moved(optimizer, depth, x, y, steps=5):
    """How far the first layer's kernel of the sigmoid net goes in a few steps."""
    model = net("sigmoid", 1.0, depth=depth)
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)
    first = model.trainable_variables[0]
    before = first.numpy().copy()
    for _ in range(steps):
        with minidl.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables,
                strict=True))  # fmt: skip
    return float(np.linalg.norm(first.numpy() - before))


def main(picture=None):
    (x, y), _ = load("digits")
    x, y = x[:256], y[:256]
    curves = {
        "sigmoid": gradient_norms(net("sigmoid", 1.0), x, y),
        "linear, weights too large": gradient_norms(net("linear", 2.0), x, y),
        "sigmoid, batch norm": gradient_norms(net("sigmoid", 1.0, normalise=True), x, y),
        "LeakyReLU, He's weights": gradient_norms(net("leaky", np.sqrt(2)), x, y),
    }
    figures = {f"gradient at layer 1: {k}": v[0] for k, v in curves.items()}
    figures |= {f"layer 1 / layer {DEPTH}: {k}": v[0] / v[-1] for k, v in curves.items()}
    for depth in (8, DEPTH):
        name = f"way of layer 1 of {depth}:"
        figures[f"{name} SGD"] = moved(optimizers.SGD(0.1), depth, x, y)
        figures[f"{name} SGD, smaller steps"] = moved(optimizers.SGD(0.01), depth, x, y)
        figures[f"{name} Adam"] = moved(optimizers.Adam(0.001), depth, x, y)
    exploding = net("linear", 2.0)
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)
    for name, clip in (("no clipping", None), ("clipping", 1.0)):
        optimizer = optimizers.SGD(1.0, global_clipnorm=clip)
        with minidl.GradientTape() as tape:
            loss = loss_of(y, exploding(x))
        before = [v.numpy().copy() for v in exploding.trainable_variables]
        optimizer.apply_gradients(
            zip(tape.gradient(loss, exploding.trainable_variables),
                exploding.trainable_variables, strict=True))  # fmt: skip
        step = np.sqrt(sum(((v.numpy() - b) ** 2).sum() for v, b in
                           zip(exploding.trainable_variables, before, strict=True)))  # fmt: skip
        for v, b in zip(exploding.trainable_variables, before, strict=True):
            v.assign(b)
        figures[f"length of a step: {name}"] = float(step)
    if picture:
        depth = range(1, DEPTH + 1)
        draw(picture, {"log10 of the gradient's length, by layer": {
            k: (depth, np.log10(np.maximum(v, 1e-30))) for k, v in curves.items()}})  # fmt: skip
    return report(figures)


if __name__ == "__main__":
    main(picture_from_command_line())
