"""Tagging words by a bidirectional LSTM, and stacked cells behind a bidirectional GRU."""

import keras
import numpy as np
from keras import layers


def build():
    words = layers.Input((9,), dtype="int32")
    x = layers.Embedding(40, 6, mask_zero=True)(words)
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(x)
    x = layers.SpatialDropout1D(0.0)(x)
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum")(x)
    return keras.Model(words, layers.Dense(3, activation="softmax")(x))


def run(model):
    rng = np.random.default_rng(16)
    x = rng.integers(1, 40, (20, 9))
    x[:, 7:] *= rng.integers(0, 2, (20, 1))
    y = keras.utils.to_categorical(x % 3, 3)
    model.compile(
        optimizer="adamax", loss="categorical_crossentropy", metrics=["categorical_accuracy"]
    )
    history = model.fit(x, y, batch_size=5, epochs=2, shuffle=False, verbose=0)
    return {
        "history": history.history,
        "predict": model.predict(x, verbose=0),
        "shapes": [w.shape for w in model.get_weights()],
    }


if __name__ == "__main__":
    print(run(build()))
