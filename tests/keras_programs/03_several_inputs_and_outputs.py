"""Two inputs, two outputs, a loss, a weight and metrics for each."""

import keras
import numpy as np
from keras import layers


def build():
    title = keras.Input((8,), name="title", dtype="int32")
    numbers = keras.Input((5,), name="numbers")
    words = layers.Embedding(50, 6, name="words")(title)
    words = layers.GlobalAveragePooling1D()(words)
    joined = layers.concatenate([words, layers.Dense(6, activation="tanh")(numbers)])
    joined = layers.Dense(8, activation="relu")(joined)
    price = layers.Dense(1, name="price")(joined)
    kind = layers.Dense(3, activation="softmax", name="kind")(joined)
    return keras.Model(inputs=[title, numbers], outputs={"price": price, "kind": kind})


def run(model):
    rng = np.random.default_rng(2)
    x = {
        "title": rng.integers(0, 50, (40, 8)),
        "numbers": rng.normal(size=(40, 5)).astype("float32"),
    }
    y = {
        "price": rng.normal(size=(40, 1)).astype("float32"),
        "kind": rng.integers(0, 3, (40, 1)),
    }
    model.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss={"price": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"price": 0.5, "kind": 2.0},
        metrics={"price": ["mae"], "kind": ["accuracy"]},
    )
    history = model.fit(
        x, y, epochs=3, batch_size=8, shuffle=False, verbose=0, validation_data=(x, y)
    )
    predicted = model.predict(x, verbose=0)
    return {
        "history": history.history,
        "evaluate": model.evaluate(x, y, verbose=0, return_dict=True),
        "predict": [predicted["price"], predicted["kind"]],
    }


if __name__ == "__main__":
    print(run(build()))
