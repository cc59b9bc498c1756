"""Causal, dilated convolutions over a series, with gates and a residual, as WaveNet has them."""

import keras
import numpy as np
from keras import layers


def build():
    inputs = keras.Input((32, 2))
    x = layers.Conv1D(6, 1)(inputs)
    for rate in (1, 2, 4):
        signal = layers.Conv1D(6, 2, padding="causal", dilation_rate=rate, activation="tanh")(x)
        gate = layers.Conv1D(6, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(x)
        y = layers.Conv1D(6, 1)(layers.Multiply()([signal, gate]))
        x = layers.Add()([x, y])
    x = layers.Cropping1D((4, 0))(x)
    x = layers.SeparableConv1D(8, 3, activation="relu")(x)
    x = layers.MaxPooling1D(2)(x)
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))


def run(model):
    rng = np.random.default_rng(18)
    series = rng.normal(size=(60, 2)).cumsum(0).astype("float32")
    x = np.stack([series[i : i + 32] for i in range(24)])
    y = np.array([series[i + 32, 0] for i in range(24)])
    normalize = layers.Normalization()
    normalize.adapt(x)
    x = np.asarray(keras.ops.convert_to_numpy(normalize(x)))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mean_absolute_error")
    history = model.fit(x, y, epochs=3, batch_size=6, shuffle=False, verbose=0)
    return {"history": history.history, "predict": model.predict(x, verbose=0), "x": x}


if __name__ == "__main__":
    print(run(build()))
