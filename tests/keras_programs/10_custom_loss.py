"""Losses of one's own: a function, a class, and one with sample weights."""

import keras
import numpy as np
from keras import ops


def log_cosh_and_bias(y_true, y_pred):
    error = y_pred - y_true
    return ops.mean(ops.log(ops.cosh(error)), axis=-1) + 0.1 * ops.abs(ops.mean(error, axis=-1))


class Quantile(keras.losses.Loss):
    def __init__(self, q=0.8, name="quantile", **kwargs):
        super().__init__(name=name, **kwargs)
        self.q = q

    def call(self, y_true, y_pred):
        error = y_true - y_pred
        return ops.mean(ops.maximum(self.q * error, (self.q - 1) * error), axis=-1)


def build():
    x = keras.Input((3,))
    hidden = keras.layers.Dense(8, activation="swish")(x)
    return keras.Model(x, keras.layers.Dense(2)(hidden))


def run(model):
    rng = np.random.default_rng(9)
    x = rng.normal(size=(40, 3)).astype("float32")
    y = np.stack([np.sin(x[:, 0]), x[:, 1] ** 2], 1)
    w = rng.random(40).astype("float32")
    results = {}
    for loss in (log_cosh_and_bias, Quantile(0.3), Quantile(reduction="sum")):
        model.compile(optimizer=keras.optimizers.Adagrad(0.05), loss=loss, metrics=[Quantile()])
        history = model.fit(x, y, sample_weight=w, epochs=2, shuffle=False, verbose=0)
        results[f"history{len(results)}"] = history.history
    results["value"] = Quantile(0.5, reduction="none")(y, model(x))
    return results


if __name__ == "__main__":
    print(run(build()))
