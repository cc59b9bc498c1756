"""Item 16: a net with an atrous convolution, and how far it sees.

The receptive field is measured: the gradient of one output reaches exactly the pixels it sees.

    python examples/16_atrous_convolution.py
"""

import minidl
import numpy as np
from _common import accuracy, classifier, load, report
from minidl import layers


def receptive_field(layer, size=31):
    """Width of the part of the input that one output depends on."""
    x = minidl.Tensor(np.zeros((1, size, size, 1), np.float32))
    with minidl.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        middle = y[0, y.shape[1] // 2, y.shape[2] // 2, 0]
    seen = tape.gradient(middle, x).numpy()[0, :, :, 0] != 0
    return int(np.ptp(np.flatnonzero(seen.any(1)))) + 1


def main(data=None, epochs=12):
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = load(data)
    model = classifier(
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.AtrousConv2D(64, 3, rate=2, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.3),
        shape=x.shape[1:],
    )
    model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
    figures = {"accuracy": accuracy(model, x_test, y_test)}
    for rate in (1, 2, 4):
        layer = layers.AtrousConv2D(1, 3, rate=rate, kernel_initializer="ones")
        figures[f"receptive field, rate {rate}"] = receptive_field(layer)
    stack = minidl.Sequential(
        [layers.AtrousConv2D(1, 3, rate=r, kernel_initializer="ones") for r in (1, 2, 4, 8)]
    )
    figures["receptive field, rates 1 2 4 8"] = receptive_field(stack, 63)
    return report(figures)


if __name__ == "__main__":
    main()
