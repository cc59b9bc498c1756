"""Two heads under one mask: losses, metrics, weights and labels as dictionaries and lists."""

import keras
import numpy as np
from keras import layers


def build():
    tokens = keras.Input((6,), dtype="int32", name="tokens")
    x = layers.Embedding(12, 5, mask_zero=True)(tokens)
    x = layers.LSTM(7, return_sequences=True)(x)
    tags = layers.TimeDistributed(layers.Dense(4, activation="softmax"), name="tags")(x)
    score = layers.Dense(1, name="score")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(tokens, {"tags": tags, "score": score})


def run(model):
    rng = np.random.default_rng(27)
    x = rng.integers(1, 12, (24, 6)) * (np.arange(6) < rng.integers(2, 7, (24, 1)))
    y = {"tags": x % 4, "score": x.sum(axis=1, keepdims=True).astype("float32") / 20}
    weights = {"tags": rng.uniform(0, 2, (24, 6)), "score": rng.uniform(0, 2, 24)}
    results = {}
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss={"tags": "sparse_categorical_crossentropy", "score": keras.losses.Huber()},
        loss_weights={"tags": 0.5, "score": 2.0},
        metrics={"tags": ["accuracy"], "score": ["mae", keras.metrics.RootMeanSquaredError()]},
        weighted_metrics={"score": "mse"},
    )
    history = model.fit(
        x, y, sample_weight=weights, epochs=2, batch_size=7, shuffle=False, verbose=0
    )
    results["history"] = history.history
    results["evaluate"] = model.evaluate(x, y, verbose=0, return_dict=True)
    few = {key: labels[:5] for key, labels in y.items()}
    results["batch"] = dict(sorted(model.train_on_batch(x[:5], few, return_dict=True).items()))
    results["kept"] = {k: float(v) for k, v in sorted(model.get_metrics_result().items())}
    results["predict"] = dict(sorted(model.predict(x, verbose=0).items()))
    return results


if __name__ == "__main__":
    print(run(build()))
