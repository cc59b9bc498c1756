"""Item 24: SGD, Adam, RMSprop and Adadelta in a training step of one's own, with the tape.

The text this follows uses a `model` and a `dataset` that it never makes, and calls Adadelta a mean
of squared gradients alone: it also keeps one of squared *steps*, which sets the size of the next.
Each optimizer here is compared, over 20 steps, with its formula written out.

    python examples/24_optimizers.py
"""

import minidl
import numpy as np
from minidl import layers, ops


def make_data(n=256, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 8)).astype(np.float32)
    y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3]
    return x, y.astype(np.float32)


def train(optimizer, epochs=20):
    """A loop of one's own: forward under the tape, gradients, one step."""
    minidl.set_random_seed(0)
    x, y = make_data()
    model = minidl.Sequential(
        [minidl.Input((8,)), layers.Dense(32, activation="tanh"), layers.Dense(1)]
    )
    dataset = minidl.data.Dataset.from_tensor_slices((x, y)).shuffle(256, seed=1).batch(32)
    averages = []
    for _ in range(epochs):
        total, batches = 0.0, 0
        for x_batch, y_batch in dataset:
            with minidl.GradientTape() as tape:
                loss = ops.mean(ops.square(y_batch - model(x_batch, training=True)))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            total, batches = total + float(loss), batches + 1
        averages.append(total / batches)
    return averages


def sgd(w, g, state, t):
    return w - 0.05 * g


def adam(w, g, state, t):
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0) + 0.001 * g**2
    m, v = state["m"] / (1 - 0.9**t), state["v"] / (1 - 0.999**t)
    # Keras adds epsilon before the correction of v: here it is divided by the same root
    return w - 0.01 * m / (np.sqrt(v) + 1e-7 / np.sqrt(1 - 0.999**t))


def rmsprop(w, g, state, t):
    state["v"] = 0.9 * state.get("v", 0) + 0.1 * g**2
    return w - 0.01 * g / np.sqrt(state["v"] + 1e-7)


def adadelta(w, g, state, t):
    state["g"] = 0.95 * state.get("g", 0) + 0.05 * g**2
    step = np.sqrt(state.get("d", 0) + 1e-7) / np.sqrt(state["g"] + 1e-7) * g
    state["d"] = 0.95 * state.get("d", 0) + 0.05 * step**2
    return w - 1.0 * step


OPTIMIZERS = {
    "SGD": (lambda: minidl.optimizers.SGD(0.05), sgd),
    "Adam": (lambda: minidl.optimizers.Adam(0.01), adam),
    "RMSprop": (lambda: minidl.optimizers.RMSprop(0.01), rmsprop),
    "Adadelta": (lambda: minidl.optimizers.Adadelta(1.0), adadelta),
}


def difference(make, formula, steps=20):
    """Largest difference from the formula, over random gradients, in float64."""
    rng = np.random.default_rng(3)
    start = rng.standard_normal((4, 3))
    variable, w, state, optimizer = minidl.Variable(start), start.copy(), {}, make()
    for t in range(1, steps + 1):
        g = rng.standard_normal(start.shape)
        optimizer.apply([g], [variable])
        w = formula(w, g, state, t)
    return float(np.abs(variable.numpy() - w).max())


def main():
    """Compare with the formulas, then train."""
    figures = {}
    for name, (make, formula) in OPTIMIZERS.items():
        averages = train(make())
        figures[name] = {
            "differs by": difference(make, formula),
            "first loss": averages[0],
            "last loss": averages[-1],
        }
        row = "  ".join(f"{k} {v:.3g}" for k, v in figures[name].items())
        print(f"{name:9} {row}")
    return figures


if __name__ == "__main__":
    main()
