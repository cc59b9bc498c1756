"""Sentiment of padded word sequences: Embedding with a mask, LSTM, one sigmoid."""

import keras
import numpy as np
from keras import layers


def build():
    model = keras.Sequential()
    model.add(keras.Input((None,), dtype="int32"))
    model.add(layers.Embedding(input_dim=60, output_dim=8, mask_zero=True))
    model.add(layers.LSTM(12, return_sequences=True))
    model.add(layers.LSTM(6))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def run(model):
    rng = np.random.default_rng(3)
    texts = [list(rng.integers(1, 60, rng.integers(3, 15))) for _ in range(40)]
    x = keras.utils.pad_sequences(texts, maxlen=12, padding="post", truncating="post")
    y = np.array([text[0] > 30 for text in texts], "float32")
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy", "AUC"])
    history = model.fit(x, y, batch_size=10, epochs=3, shuffle=False, verbose=0)
    return {
        "padded": x,
        "history": history.history,
        "evaluate": model.evaluate(x, y, verbose=0),
        "predict": model.predict(x[:, :7], verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
