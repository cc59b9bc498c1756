"""Item 25: L1, L2 and dropout: the penalty is in the loss, and its gradient in the gradient.

L2 makes weights small; L1 makes many of them zero.

    python examples/25_regularization.py
"""

import minidl
import numpy as np
from _common import accuracy, classifier, load, report
from minidl import layers, ops, regularizers


def penalty_and_gradient(regularizer):
    """The penalty of a layer, and what the tape makes of it."""
    layer = layers.Dense(5, kernel_regularizer=regularizer)
    layer.build((None, 4))
    with minidl.GradientTape() as tape:
        penalty = ops.sum(ops.stack(layer.losses))
    return layer.kernel.numpy(), float(penalty), tape.gradient(penalty, layer.kernel).numpy()


def main(data=None, epochs=20):
    figures = {}
    kernel, penalty, gradient = penalty_and_gradient(regularizers.L1(0.1))
    figures["L1: error of the penalty"] = abs(penalty - 0.1 * np.abs(kernel).sum())
    figures["L1: error of the gradient"] = np.abs(gradient - 0.1 * np.sign(kernel)).max()
    kernel, penalty, gradient = penalty_and_gradient(regularizers.L2(0.1))
    figures["L2: error of the penalty"] = abs(penalty - 0.1 * (kernel**2).sum())
    figures["L2: error of the gradient"] = np.abs(gradient - 0.2 * kernel).max()
    figures = {k: float(v) for k, v in figures.items()}
    (x, y), (x_test, y_test) = load(data)
    for name, regularizer, dropout in (
        ("nothing", None, 0.0),
        ("L1", regularizers.L1(1e-3), 0.0),
        ("L2", regularizers.L2(1e-3), 0.0),
        ("dropout", None, 0.4),
    ):
        minidl.set_random_seed(0)
        hidden = layers.Dense(128, activation="relu", kernel_regularizer=regularizer)
        model = classifier(layers.Flatten(), hidden, layers.Dropout(dropout), shape=x.shape[1:])
        model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
        weights = hidden.kernel.numpy()
        figures[f"accuracy: {name}"] = accuracy(model, x_test, y_test)
        figures[f"length of the weights: {name}"] = float(np.linalg.norm(weights))
        figures[f"weights below 0.001: {name}"] = float((np.abs(weights) < 1e-3).mean())
    return report(figures)


if __name__ == "__main__":
    main()
