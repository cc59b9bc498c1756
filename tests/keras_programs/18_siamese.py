"""One network for two pictures, their distance, and a contrastive loss."""

import keras
import numpy as np
from keras import layers, ops


def contrastive(y_true, y_pred, margin=1.0):
    near = ops.square(y_pred)
    far = ops.square(ops.maximum(margin - y_pred, 0))
    return ops.mean((1 - y_true) * near + y_true * far)


def build():
    embed = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.BatchNormalization(),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(6, activation="tanh"),
        ],
        name="embed",
    )
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    difference = layers.Subtract()([embed(a), embed(b)])
    distance = ops.sqrt(ops.sum(ops.square(difference), axis=1, keepdims=True) + 1e-7)
    return keras.Model([a, b], distance)


def run(model):
    rng = np.random.default_rng(17)
    a = rng.random((24, 8, 8, 1), dtype="float32")
    b = rng.random((24, 8, 8, 1), dtype="float32")
    y = rng.integers(0, 2, (24, 1)).astype("float32")
    model.compile(loss=contrastive, optimizer="RMSprop", metrics=["mae"])
    history = model.fit([a, b], y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return {
        "history": history.history,
        "distance": model.predict([a, b], verbose=0),
        "same": model.predict([a, a], verbose=0),
        "embedding": model.get_layer("embed").predict(a, verbose=0),
        "parameters": model.count_params(),
    }


if __name__ == "__main__":
    print(run(build()))
