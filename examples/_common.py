"""What the examples share: the images, a small convolutional net, and pictures."""

import os
import sys
import time

import minidl
import numpy as np
from minidl import layers


def load(data=None):
    """Images in [0, 1] with a channel axis, and labels: `(x, y), (x_test, y_test)`.

    `data` is "digits" (8x8, inside minidl) or "mnist" (28x28, Keras's file); None takes MNIST
    where it has been downloaded, the first 10,000 images of it.
    """
    cached = os.path.expanduser("~/.keras/datasets/mnist.npz")
    if data is None:
        data = "mnist" if os.path.exists(cached) else "digits"
    source = getattr(minidl.datasets, data)
    (x, y), (x_test, y_test) = source.load_data()
    x, y, x_test, y_test = x[:10_000], y[:10_000], x_test[:2_000], y_test[:2_000]
    scale = np.float32(1 / (16 if data == "digits" else 255))
    return (x[..., None] * scale, y), (x_test[..., None] * scale, y_test)


def classifier(*inner, shape, learning_rate=1e-3, loss="sparse_categorical_crossentropy"):
    """A compiled Sequential: the given layers, then ten classes."""
    model = minidl.Sequential([minidl.Input(shape), *inner, layers.Dense(10, activation="softmax")])
    model.compile(minidl.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    return model


def convolutional(shape, first=(), **kwargs):
    """Two convolutions with pooling, then dense layers."""
    return classifier(
        *first,
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.4),
        layers.Dense(128, activation="relu"),
        shape=shape,
        **kwargs,
    )


def accuracy(model, x, y):
    """The share of images that are named rightly."""
    return float((model.predict(x, verbose=0).argmax(-1) == y).mean())


def milliseconds(call, rounds=15):
    """The median time of a call."""
    call()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return float(np.median(times)) * 1e3


def report(figures):
    """Print figures, one a line, and return them."""
    for name, value in figures.items():
        text = f"{value:.4g}" if isinstance(value, float) else value
        print(f"{name:42} {text}")
    return figures


def picture_from_command_line():
    """The file to draw to: the first argument of the script, or None."""
    return sys.argv[1] if len(sys.argv) > 1 else None


def draw(path, panels, columns=2):
    """Curves to a file. `panels`: title to {label: (x, y)}, or to an image."""
    from matplotlib.figure import Figure

    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5 * columns, 3.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, (title, curves) in zip(axes, panels.items(), strict=False):
        axis.set_title(title)
        if isinstance(curves, np.ndarray):
            axis.imshow(curves, cmap="gray")
            axis.set_axis_off()
            continue
        for label, (x, y) in curves.items():
            axis.plot(x, y, label=label)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    figure.savefig(path, dpi=110)
