"""The next value of a sine, by a GRU that sees windows of it."""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [layers.Input(shape=(10, 1)), layers.GRU(16, recurrent_dropout=0.0), layers.Dense(1)]
    )


def run(model):
    wave = np.sin(np.arange(120) * 0.3).astype("float32")
    x = np.stack([wave[i : i + 10] for i in range(100)])[..., None]
    y = wave[10:110]
    model.compile(loss=keras.losses.Huber(delta=0.5), optimizer=keras.optimizers.Nadam(0.01))
    history = model.fit(x, y, epochs=3, batch_size=25, shuffle=False, verbose=0)
    forecast, window = [], x[-1]
    for _ in range(5):
        value = model.predict(window[None], verbose=0)[0]
        forecast.append(value)
        window = np.concatenate([window[1:], value[None]])
    return {"history": history.history, "forecast": np.array(forecast)}


if __name__ == "__main__":
    print(run(build()))
