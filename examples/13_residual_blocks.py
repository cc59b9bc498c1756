"""Item 13: residual blocks, and a small ResNet of them.

The text's "residual" net is a plain chain of convolutions: nothing is ever added back. Here each
block computes relu(f(x) + x), through the functional API, and the first layer of a deep net shows
what that is good for: its gradient arrives.

    python examples/13_residual_blocks.py
"""

import minidl
import numpy as np
from minidl import layers, ops


def block(x, filters, residual=True):
    """Two convolutions, and the way around them."""
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(y))
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization(momentum=0.9)(y)
    if residual:
        if x.shape[-1] != filters:  # other channels: a 1x1 convolution on the way around
            x = layers.Conv2D(filters, 1, use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
        y = layers.Add()([y, x])
    return layers.ReLU()(y)


def net(blocks, residual=True):
    """A net for 8x8 digits with that many blocks."""
    image = minidl.Input((8, 8, 1), name="image")
    x = layers.Conv2D(8, 3, padding="same", name="first")(image)
    for i in range(blocks):
        x = block(x, 8 if i < blocks // 2 else 16, residual)
    x = layers.GlobalAveragePooling2D()(x)
    return minidl.Model(image, layers.Dense(10, name="head")(x))


def deep(depth, residual):
    """Dense layers of width 16, with or without the way around each."""
    x = start = minidl.Input((16,))
    for i in range(depth):
        y = layers.Dense(16, activation="sigmoid", name=f"dense_{i}")(x)
        x = x + y if residual else y
    return minidl.Model(start, x)


def first_gradient(depth, residual):
    """Size of the gradient in the first layer, relative to that in the last."""
    minidl.set_random_seed(0)
    model = deep(depth, residual)
    x = np.random.default_rng(0).standard_normal((32, 16)).astype(np.float32)
    with minidl.GradientTape() as tape:
        loss = ops.mean(ops.square(model(x, training=True)))
    kernels = [model.get_layer(f"dense_{i}").kernel for i in (0, depth - 1)]
    first, last = (float(ops.sqrt(ops.sum(g * g))) for g in tape.gradient(loss, kernels))
    return first / last


def main(epochs=12):
    """Train the small ResNet on digits; compare gradients of deep nets."""
    (x, y), (x_test, y_test) = minidl.datasets.digits.load_data()
    x, x_test = (a.reshape(-1, 8, 8, 1).astype(np.float32) / max(1, x.max()) for a in (x, x_test))
    minidl.set_random_seed(1)
    model = net(4)
    model.compile(
        minidl.optimizers.Adam(0.004),
        minidl.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    figures = {
        "test accuracy": model.evaluate(x_test, y_test, verbose=0)[1],
        "additions": sum(isinstance(layer, layers.Add) for layer in model.layers),
        "first gradient, plain": first_gradient(20, residual=False),
        "first gradient, residual": first_gradient(20, residual=True),
    }
    for name, value in figures.items():
        print(f"{name:26} {value:.4g}")
    return figures


if __name__ == "__main__":
    main()
