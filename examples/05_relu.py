"""Item 5: why ReLU in hidden layers, and how its units die.

ReLU costs a comparison, and its slope of 1 hands gradients on undiminished, where the sigmoid's
is at most 1/4. That its slope is 0 below zero is no help to the optimiser, as the text has it: a
unit that is below zero for every input has no gradient any more and stays dead. Steps that are
too large bring that about; LeakyReLU's slope below zero keeps units alive.

    python examples/05_relu.py
"""

import minidl
import numpy as np
from _common import accuracy, classifier, load, report
from minidl import layers, ops


def dead_units(kind, learning_rate, x, y):
    """The share of hidden units that no image wakes, after training, and the accuracy."""
    minidl.set_random_seed(0)
    first = layers.Dense(128)
    model = classifier(
        layers.Flatten(), first, kind(), shape=x.shape[1:], learning_rate=learning_rate
    )
    model.fit(x, y, epochs=5, batch_size=64, verbose=0)
    inside = first(ops.reshape(x, (len(x), -1))).numpy()
    return float((inside <= 0).all(0).mean()), accuracy(model, x, y)


def largest_slope(function):
    """The largest derivative over [-5, 5]."""
    x = minidl.Variable(np.linspace(-5, 5, 1001, dtype=np.float32))
    with minidl.GradientTape() as tape:
        y = function(x)
    return float(np.max(tape.gradient(y, x)))


def main(data=None):
    (x, y), _ = load(data)
    figures = {
        "largest slope: relu": largest_slope(ops.relu),
        "largest slope: sigmoid": largest_slope(ops.sigmoid),
    }
    for name, kind, rate in (
        ("relu", layers.ReLU, 0.001),
        ("relu, large steps", layers.ReLU, 0.5),
        ("leaky relu, large steps", layers.LeakyReLU, 0.5),
    ):
        dead, right = dead_units(kind, rate, x, y)
        # a leaky unit below zero still has a gradient: it is asleep, not dead
        figures[f"never above zero: {name}"] = dead
        figures[f"accuracy: {name}"] = right
    x = minidl.Variable(np.array([-2.0], np.float32))
    for name, function in (("relu", ops.relu), ("leaky relu", ops.leaky_relu)):
        with minidl.GradientTape() as tape:
            out = function(x)
        figures[f"slope at -2: {name}"] = float(tape.gradient(out, x).numpy()[0])
    return report(figures)


if __name__ == "__main__":
    main()
