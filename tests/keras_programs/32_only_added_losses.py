"""`compile(loss=None)`: everything the model learns comes from `add_loss`."""

import keras
import numpy as np
from keras import layers, ops


class Reconstruct(keras.layers.Layer):
    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[0][-1],), initializer="ones", name="scale")

    def call(self, inputs):
        x, y = inputs
        self.add_loss(self.weight * ops.mean(ops.square(x - self.scale * y)))
        return y


def build():
    x = keras.Input((5,))
    code = layers.Dense(2, activity_regularizer=keras.regularizers.L1(0.01))(x)
    return keras.Model(x, Reconstruct(2.0)([x, layers.Dense(5)(code)]))


def run(model):
    x = np.random.default_rng(32).normal(size=(20, 5)).astype("float32")
    results = {}
    model.compile(keras.optimizers.Adagrad(0.1))
    results["history"] = model.fit(x, epochs=3, batch_size=8, shuffle=False, verbose=0).history
    results["evaluate"] = model.evaluate(x, verbose=0)
    results["batch"] = model.train_on_batch(x[:4])
    results["test"] = model.test_on_batch(x[:4], return_dict=True)
    results["predict"] = model.predict_on_batch(x[:3])
    return results


if __name__ == "__main__":
    print(run(build()))
