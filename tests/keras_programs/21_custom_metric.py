"""Metrics of one's own, beside the built-in ones, and used by hand."""

import keras
import numpy as np
from keras import ops


class TruePositives(keras.metrics.Metric):
    def __init__(self, name="hits", **kwargs):
        super().__init__(name=name, **kwargs)
        self.hits = self.add_weight(shape=(), initializer="zeros", name="hits")

    def update_state(self, y_true, y_pred, sample_weight=None):
        hits = ops.logical_and(ops.equal(y_true, 1), ops.greater(y_pred, 0.5))
        hits = ops.cast(hits, self.dtype)
        if sample_weight is not None:
            hits = hits * ops.reshape(ops.cast(sample_weight, self.dtype), (-1, 1))
        self.hits.assign(self.hits + ops.sum(hits))

    def result(self):
        return ops.copy(self.hits)  # under PyTorch the variable itself would change later

    def reset_state(self):
        self.hits.assign(0.0)


def distance(y_true, y_pred):
    return ops.max(ops.abs(y_true - y_pred), axis=-1)


def build():
    return keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(6, "elu"), keras.layers.Dense(1, "sigmoid")]
    )


def run(model):
    rng = np.random.default_rng(20)
    x = rng.normal(size=(50, 4)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model.compile(
        optimizer=keras.optimizers.Adam(0.02),
        loss="binary_crossentropy",
        metrics=[
            TruePositives(),
            distance,
            keras.metrics.AUC(num_thresholds=50, name="auc"),
            keras.metrics.F1Score(threshold=0.5, average="micro"),
        ],
    )
    history = model.fit(x, y, epochs=3, shuffle=False, verbose=0, validation_data=(x, y))
    mean = keras.metrics.Mean()
    for value in (1.0, 3.0, [5.0, 7.0]):
        mean.update_state(value)
    return {
        "history": history.history,
        "evaluate": model.evaluate(x, y, verbose=0, return_dict=True),
        "mean": float(mean.result()),
    }


if __name__ == "__main__":
    print(run(build()))
