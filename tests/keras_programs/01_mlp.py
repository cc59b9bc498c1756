"""A multilayer perceptron on three clouds of points."""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(16, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


def run(model):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 96)
    x = (rng.normal(size=(96, 4)) + y[:, None]).astype("float32")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x, y, epochs=3, batch_size=16, validation_split=0.25, shuffle=False, verbose=0
    )
    return {
        "history": history.history,
        "evaluate": model.evaluate(x, y, verbose=0),
        "predict": model.predict(x, verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
