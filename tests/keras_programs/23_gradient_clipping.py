"""Large targets, clipped gradients: by value, by norm, by the norm of all together."""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential([keras.Input((6,)), layers.Dense(7, "relu"), layers.Dense(1)])


def run(model):
    rng = np.random.default_rng(22)
    x = rng.normal(size=(32, 6)).astype("float32") * 10
    y = x.sum(1, keepdims=True) * 10
    start = model.get_weights()
    results = {}
    for name, optimizer in {
        "value": keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, clipvalue=0.5),
        "norm": keras.optimizers.Adam(0.01, clipnorm=1.0, amsgrad=True),
        "global": keras.optimizers.RMSprop(0.01, global_clipnorm=0.3, centered=True),
        "average": keras.optimizers.Adadelta(0.5, use_ema=True, ema_momentum=0.9),
        "gathered": keras.optimizers.SGD(0.001, gradient_accumulation_steps=2, clipnorm=1.0),
    }.items():
        model.set_weights(start)
        model.compile(optimizer=optimizer, loss="mse")
        results[name] = model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0).history
        results[name + " weights"] = model.get_weights()
        results[name + " steps"] = int(optimizer.iterations.numpy())
    return results


if __name__ == "__main__":
    print(run(build()))
