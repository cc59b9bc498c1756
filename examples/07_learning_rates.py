"""Item 7: strategies for the learning rate, and the rate that each step really uses.

Fixed; exponential, rate * decay^t; steps, rate * factor^floor(t / every); a decay that stops at a
floor; and Adam, which adapts the step of each weight by itself. The text this follows writes the
step decay as rate * decay_steps^-1, which is one constant: it must count the steps done. It also
trains with Adam at 0.1, which is a hundred times too much for that net, as is shown.

    python examples/07_learning_rates.py
"""

import minidl
import numpy as np
from minidl import layers
from minidl.optimizers import schedules

RATE, STEPS = 0.1, 60


class Floor(schedules.LearningRateSchedule):
    """Another schedule, but never below a threshold."""

    def __init__(self, schedule, lowest):
        self.schedule, self.lowest = schedule, lowest

    def __call__(self, step):
        return max(float(self.schedule(step)), self.lowest)


STRATEGIES = {  # name: schedule, the formula it must follow
    "fixed": (RATE, lambda t: RATE),
    "exponential": (schedules.ExponentialDecay(RATE, 1, 0.95), lambda t: RATE * 0.95**t),
    "steps": (
        schedules.ExponentialDecay(RATE, 20, 0.5, staircase=True),
        lambda t: RATE * 0.5 ** (t // 20),
    ),
    "by hand": (
        schedules.PiecewiseConstantDecay([19, 39], [RATE, RATE / 2, RATE / 4]),
        lambda t: RATE * 0.5 ** (t // 20),
    ),
    "floor": (
        Floor(schedules.ExponentialDecay(RATE, 1, 0.95), 0.02),
        lambda t: max(RATE * 0.95**t, 0.02),
    ),
    "cosine": (
        schedules.CosineDecay(RATE, STEPS),
        lambda t: RATE * 0.5 * (1 + np.cos(np.pi * t / STEPS)),
    ),
}


def rates_used(schedule):
    """The rate of each step, told by how far SGD moves a weight whose gradient is 1."""
    optimizer = minidl.optimizers.SGD(schedule)
    w = minidl.Variable(np.zeros(1), dtype="float64")
    used = []
    for _ in range(STEPS):
        before = float(w.numpy()[0])
        optimizer.apply([np.ones(1)], [w])
        used.append(before - float(w.numpy()[0]))
    return np.array(used)


def accuracy(optimizer, epochs=3):
    """Of the text's net on the embedded digits."""
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = minidl.datasets.digits.load_data()
    x, x_test = (v.reshape(len(v), -1).astype(np.float32) / v.max() for v in (x, x_test))
    model = minidl.Sequential(
        [layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def main():
    """Check the rates, then train with each strategy."""
    figures = {}
    for name, (schedule, formula) in STRATEGIES.items():
        wanted = np.array([formula(t) for t in range(STEPS)])
        figures[f"{name} differs by"] = float(np.abs(rates_used(schedule) / wanted - 1).max())
        figures[f"{name} accuracy"] = accuracy(minidl.optimizers.SGD(schedule))
    figures["Adam 0.001 accuracy"] = accuracy(minidl.optimizers.Adam(0.001))
    figures["Adam 0.1 accuracy"] = accuracy(minidl.optimizers.Adam(0.1))

    # between epochs, by callbacks
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.Input((4,)), layers.Dense(1)])
    model.compile(minidl.optimizers.SGD(0.1), "mse")
    x = np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)
    history = model.fit(
        x, x[:, :1], epochs=4, verbose=0,
        callbacks=[minidl.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 * 0.5**epoch)],
    )  # fmt: skip
    figures["rates of epochs"] = [round(r, 6) for r in history.history["learning_rate"]]
    for name, value in figures.items():
        print(f"{name:26} {value}")
    return figures


if __name__ == "__main__":
    main()
