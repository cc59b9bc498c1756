"""Sequences of different lengths: Masking, a label for each step, padded steps do not count."""

import keras
import numpy as np
from keras import layers


def build():
    inputs = keras.Input((None, 3))
    x = layers.Masking(mask_value=-1.0)(inputs)
    x = layers.SimpleRNN(8, return_sequences=True)(x)
    x = layers.LayerNormalization()(x)
    x = layers.TimeDistributed(layers.Dense(5, activation="relu"))(x)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def run(model):
    rng = np.random.default_rng(14)
    lengths = rng.integers(2, 9, 24)
    x = rng.normal(size=(24, 8, 3)).astype("float32")
    y = (x.sum(-1) > 0).astype("int32")
    for row, length in enumerate(lengths):
        x[row, length:] = -1.0
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return {
        "history": history.history,
        "evaluate": model.evaluate(x, y, verbose=0),
        "predict": model.predict(x[:, :6], verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
