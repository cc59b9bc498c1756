"""Weight penalties, activity penalties and constraints, all in the loss that is reported."""

import keras
import numpy as np
from keras import constraints, layers, regularizers


def build():
    return keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(
                12,
                activation="relu",
                kernel_regularizer=regularizers.L1L2(l1=1e-3, l2=1e-3),
                bias_regularizer="l2",
                activity_regularizer=regularizers.L1(1e-4),
            ),
            layers.Dense(8, activation="relu", kernel_constraint=constraints.MaxNorm(0.9)),
            layers.ActivityRegularization(l2=1e-3),
            layers.Dense(1, kernel_constraint="non_neg", kernel_initializer="he_normal"),
        ]
    )


def run(model):
    rng = np.random.default_rng(21)
    x = rng.normal(size=(40, 10)).astype("float32")
    y = x[:, :1] * 2
    model.compile(optimizer="adam", loss="mse", metrics=["mse"])
    history = model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
    model(x)
    return {
        "history": history.history,
        "penalties": [keras.ops.convert_to_numpy(loss) for loss in model.losses],
        "norms": np.linalg.norm(model.layers[1].get_weights()[0], axis=0),
        "signs": model.layers[-1].get_weights()[0].min() >= 0,
        "predict": model.predict(x, verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
