"""A model that keeps its own trackers in `train_step`, and adds a loss in `call`."""

import keras
import numpy as np
from keras import layers, ops


class Tracked(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(6, "tanh", kernel_regularizer=keras.regularizers.L2(0.01))
        self.out = layers.Dense(2)
        self.spread = keras.metrics.Mean(name="spread")

    def call(self, x):
        h = self.hidden(x)
        self.add_loss(0.05 * ops.mean(ops.square(h)))
        y = self.out(h)
        self.spread.update_state(ops.max(y) - ops.min(y))
        return y


def build():
    model = Tracked()
    model(np.zeros((2, 3), "float32"))
    return model


def run(model):
    rng = np.random.default_rng(28)
    x = rng.normal(size=(30, 3)).astype("float32")
    y = rng.normal(size=(30, 2)).astype("float32")
    results = {}
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    history = model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
    results["history"] = history.history
    results["evaluate"] = model.evaluate(x, y, batch_size=16, verbose=0)
    results["penalties"] = len(model.losses)
    model.hidden.trainable = False
    model.compile("adam", ["mse"], weighted_metrics=["mse"])
    results["frozen"] = len(model.trainable_variables)
    weights = rng.uniform(0, 2, 30).astype("float32")
    results["second"] = model.fit(x, y, sample_weight=weights, shuffle=False, verbose=0).history
    return results


if __name__ == "__main__":
    print(run(build()))
