"""One model under four schedules of the learning rate, from the same weights."""

import keras
import numpy as np

schedules = keras.optimizers.schedules


def build():
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
    )


def run(model):
    rng = np.random.default_rng(13)
    x = rng.normal(size=(32, 3)).astype("float32")
    y = (x**2).sum(1, keepdims=True)
    start = model.get_weights()
    results = {}
    for schedule in (
        schedules.ExponentialDecay(0.1, decay_steps=4, decay_rate=0.5, staircase=True),
        schedules.CosineDecay(0.1, 10, alpha=0.1, warmup_target=0.2, warmup_steps=3),
        schedules.PiecewiseConstantDecay([3, 6], [0.1, 0.05, 0.01]),
        schedules.PolynomialDecay(0.1, 8, end_learning_rate=0.01, power=2.0),
    ):
        model.set_weights(start)
        model.compile(optimizer=keras.optimizers.SGD(learning_rate=schedule), loss="mse")
        name = type(schedule).__name__
        results[name] = model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0).history
        results[name + " rates"] = [float(schedule(step)) for step in range(12)]
        results[name + " config"] = schedule.get_config()
    return results


if __name__ == "__main__":
    print(run(build()))
