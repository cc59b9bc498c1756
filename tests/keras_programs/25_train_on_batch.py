"""A loop written by hand over train_on_batch and test_on_batch, with a rate set in between."""

import keras
import numpy as np
from keras import layers


def build():
    model = keras.Sequential(
        [keras.Input((7,)), layers.Dense(9), layers.LeakyReLU(), layers.Dense(3)]
    )
    model.add(layers.Softmax())
    return model


def run(model):
    rng = np.random.default_rng(24)
    x = rng.normal(size=(60, 7)).astype("float32")
    y = rng.integers(0, 3, 60)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, momentum=0.5),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    log = []
    for epoch in range(3):
        model.reset_metrics()
        for start in range(0, 48, 12):
            rows = slice(start, start + 12)
            log.append(model.train_on_batch(x[rows], y[rows]))
        log.append(model.test_on_batch(x[48:], y[48:], return_dict=False))
        model.optimizer.learning_rate = 0.1 / (epoch + 2)
    return {
        "log": log,
        "rate": float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)),
        "predict": model.predict_on_batch(x),
    }


if __name__ == "__main__":
    print(run(build()))
