"""Item 12: what a schedule of the learning rate is worth, measured on one net.

Item 7 shows that each strategy uses the rate it should. Here the same net is trained with each,
from the same start, and so is one whose rate is lowered when the validation loss no longer falls.
The text's own choice, Adam at a fixed rate of 0.1, is a hundred times too much, as is shown.

    python examples/12_learning_rate_schedules.py
"""

import minidl
import numpy as np
from _common import load, report
from minidl import callbacks, layers
from minidl.optimizers import SGD, Adam, schedules

EPOCHS, BATCH = 8, 32


def net():
    return minidl.Sequential(
        [
            minidl.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def strategies(steps):
    """Name to optimizer; `steps` is how many an epoch has."""
    total = EPOCHS * steps
    halves = [total // 2, total * 3 // 4]
    return {
        "fixed, high": SGD(1.0),
        "fixed, low": SGD(0.02),
        "exponential": SGD(schedules.ExponentialDecay(1.0, steps, 0.75)),
        "steps": SGD(schedules.PiecewiseConstantDecay(halves, [1.0, 0.2, 0.04])),
        "cosine": SGD(schedules.CosineDecay(1.0, total)),
        "Adam 0.001": Adam(0.001),
        "Adam 0.1": Adam(0.1),
    }


def train(optimizer, data, extra=()):
    (x, y), (x_test, y_test) = data
    minidl.set_random_seed(3)
    model = net()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_data=(x_test, y_test) if extra else None,
        callbacks=list(extra),
        verbose=0,
    )
    return model.evaluate(x_test, y_test, verbose=0)[1], history.history


def main():
    """Accuracy on held-out digits under each strategy."""
    data = load("digits")
    steps = -(-len(data[0][0]) // BATCH)
    figures = {
        f"accuracy, {name}": train(optimizer, data)[0]
        for name, optimizer in strategies(steps).items()
    }
    lower = callbacks.ReduceLROnPlateau(factor=0.3, patience=1, min_delta=1e-3)
    optimizer = SGD(1.0)
    figures["accuracy, lowered on a plateau"], _ = train(optimizer, data, [lower])
    figures["rate at the end, lowered on a plateau"] = float(np.asarray(optimizer.learning_rate))
    return report(figures)


if __name__ == "__main__":
    main()
