"""Rare classes weigh more; weights of samples; metrics with and without them."""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [layers.Input((4,)), layers.Dense(8, "relu"), layers.Dense(1, "sigmoid")]
    )


def run(model):
    rng = np.random.default_rng(11)
    y = (rng.random(60) < 0.15).astype("int64")
    x = (rng.normal(size=(60, 4)) + y[:, None]).astype("float32")
    model.compile(
        optimizer="sgd",
        loss="binary_crossentropy",
        metrics=[keras.metrics.Precision(name="precision"), keras.metrics.Recall(name="recall")],
        weighted_metrics=["accuracy"],
    )
    balanced = model.fit(
        x, y, class_weight={0: 1.0, 1: 5.5}, epochs=2, shuffle=False, verbose=0
    ).history
    w = np.where(y == 1, 5.5, 1.0)
    sampled = model.fit(
        x, y, sample_weight=w, epochs=2, shuffle=False, verbose=0, validation_data=(x, y, w)
    ).history
    return {
        "balanced": balanced,
        "sampled": sampled,
        "evaluate": model.evaluate(x, y, sample_weight=w, verbose=0, return_dict=True),
    }


if __name__ == "__main__":
    print(run(build()))
