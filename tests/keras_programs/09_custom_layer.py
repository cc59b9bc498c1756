"""Layers of one's own: weights, a penalty on activity, a config to save them by."""

import keras
import numpy as np
from keras import ops


class Linear(keras.layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Sparse(keras.layers.Layer):
    def __init__(self, rate=1e-2, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")

    def call(self, inputs):
        self.seen.assign_add(ops.cast(ops.shape(inputs)[0], "float32"))
        self.add_loss(self.rate * ops.mean(ops.abs(inputs)))
        return inputs


def build():
    inputs = keras.Input((6,))
    x = Linear(10)(inputs)
    x = Sparse()(ops.relu(x))
    return keras.Model(inputs, Linear(2)(x))


def run(model):
    rng = np.random.default_rng(8)
    x = rng.normal(size=(30, 6)).astype("float32")
    y = np.stack([x.sum(1), x.prod(1)], 1)
    model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9), loss="mae")
    history = model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
    copy = Linear.from_config(model.layers[-1].get_config())
    return {
        "history": history.history,
        "predict": model.predict(x, verbose=0),
        "copy": copy(x[:, :5]).shape,
        "weights": [w.shape for w in model.weights],
    }


if __name__ == "__main__":
    print(run(build()))
