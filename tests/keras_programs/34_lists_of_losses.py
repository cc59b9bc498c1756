"""Losses and metrics as lists, objects, functions and names for several outputs; one unused."""

import warnings

import keras
import numpy as np
from keras import layers, ops


def quantile(y_true, y_pred):
    error = y_true - y_pred
    return ops.mean(ops.maximum(0.9 * error, -0.1 * error), axis=-1)


def build():
    x = keras.Input((4,))
    h = layers.Dense(8, "selu", kernel_constraint=keras.constraints.MaxNorm(1.0))(x)
    outs = [layers.Dense(2, name="p")(h), layers.Dense(3, "softmax", name="q")(h)]
    return keras.Model(x, [*outs, layers.Dense(1, "sigmoid", name="r")(h)])


def run(model):
    rng = np.random.default_rng(34)
    x = rng.normal(size=(18, 4)).astype("float32")
    y = [x[:, :2], np.eye(3, dtype="float32")[np.arange(18) % 3], (x[:, 3:] > 0).astype("float32")]
    results = {}
    model.compile(
        "adamax",
        loss=[quantile, keras.losses.CategoricalCrossentropy(label_smoothing=0.1), "bce"],
        loss_weights=[1.0, 0.3, 2.0],
        metrics=[["mae", quantile], ["acc", keras.metrics.TopKCategoricalAccuracy(2)], ["acc"]],
    )
    history = model.fit(x, y, epochs=2, batch_size=6, shuffle=False, verbose=0)
    results["lists"] = history.history
    results["values"] = model.evaluate(x, y, verbose=0)
    model.compile("sgd", loss=["mse", None, None], metrics=[[], ["accuracy"], []])
    with warnings.catch_warnings():  # both say that the others have no gradients
        warnings.filterwarnings("ignore", "Gradients do not exist")
        results["one"] = model.fit(x, y, verbose=0, shuffle=False, epochs=2).history
    model.compile("sgd", loss="mse", metrics=[])
    results["same"] = model.fit(x, y, verbose=0, shuffle=False).history
    return results


if __name__ == "__main__":
    print(run(build()))
