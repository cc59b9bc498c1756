"""Symbolic arithmetic, layers with two inputs, training arguments and dtype casts in a graph."""

import keras
import numpy as np
from keras import layers, ops


class Mix(keras.layers.Layer):
    def build(self, a_shape, b_shape):
        self.kernel = self.add_weight(
            shape=(a_shape[-1], b_shape[-1]), initializer="glorot_uniform", name="kernel",
            regularizer="l2", constraint="non_neg",
        )  # fmt: skip
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, a, b, training=False):
        if training:
            self.calls.assign_add(1.0)
        return ops.matmul(a, self.kernel) * b

    def compute_output_shape(self, a_shape, b_shape):
        return b_shape


def build():
    a, b = keras.Input((3,), name="a"), keras.Input((5,), name="b")
    x = Mix(name="mix")(a, b)
    x = x / (1.0 + ops.abs(x)) - ops.mean(b, axis=-1, keepdims=True)
    x = layers.Concatenate()([x[:, :2], ops.cast(a > 0, "float32"), x**2])
    return keras.Model({"a": a, "b": b}, layers.Dense(2)(x), name="mixed")


def run(model):
    rng = np.random.default_rng(35)
    data = {
        "a": rng.normal(size=(14, 3)).astype("float32"),
        "b": rng.normal(size=(14, 5)).astype("float32"),
    }
    y = rng.integers(0, 2, 14)
    results = {}
    model.compile(
        keras.optimizers.Lion(keras.optimizers.schedules.CosineDecay(0.02, 8, warmup_steps=2,
                                                                     warmup_target=0.05)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy("hit")],
    )  # fmt: skip
    results["history"] = model.fit(
        data, y, epochs=3, batch_size=5, shuffle=False, verbose=0, validation_split=0.2
    ).history
    results["rate"] = float(model.optimizer.learning_rate)
    results["steps"] = int(model.optimizer.iterations)
    results["calls"] = float(ops.convert_to_numpy(model.get_layer("mix").calls))
    results["penalty"] = float(ops.convert_to_numpy(sum(model.losses)))
    results["inputs"] = list(model.input_shape["a"]) if isinstance(model.input_shape, dict) else 0
    results["kernel"] = model.get_layer("mix").get_weights()[0]
    return results


if __name__ == "__main__":
    print(run(build()))
