"""Embeddings of users and films, their product plus two biases, as ratings."""

import keras
import numpy as np
from keras import layers, regularizers


def build():
    user = keras.Input((1,), name="user", dtype="int32")
    film = keras.Input((1,), name="film", dtype="int32")
    decay = regularizers.L2(1e-3)
    u = layers.Flatten()(layers.Embedding(20, 5, embeddings_regularizer=decay)(user))
    f = layers.Flatten()(layers.Embedding(30, 5, embeddings_regularizer=decay)(film))
    ub = layers.Flatten()(layers.Embedding(20, 1, embeddings_initializer="zeros")(user))
    fb = layers.Flatten()(layers.Embedding(30, 1, embeddings_initializer="zeros")(film))
    score = layers.Add()([layers.Dot(axes=1)([u, f]), ub, fb])
    rating = layers.Lambda(lambda s: keras.ops.sigmoid(s) * 4 + 1)(score)
    return keras.Model([user, film], rating)


def run(model):
    rng = np.random.default_rng(15)
    users, films = rng.integers(0, 20, 64), rng.integers(0, 30, 64)
    ratings = rng.integers(1, 6, 64).astype("float32")
    model.compile(
        "adam", "mean_squared_error", metrics=[keras.metrics.RootMeanSquaredError(name="rmse")]
    )
    history = model.fit([users, films], ratings, batch_size=16, epochs=2, shuffle=False, verbose=0)
    return {
        "history": history.history,
        "predict": model.predict({"user": users[:, None], "film": films[:, None]}, verbose=0),
        "names": [layer.name for layer in model.layers][:2],
    }


if __name__ == "__main__":
    print(run(build()))
