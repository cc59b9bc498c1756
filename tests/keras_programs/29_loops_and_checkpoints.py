"""Weights written and read again, a learning rate changed by hand, training taken up again."""

import pathlib
import tempfile

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="leaky_relu"),
            layers.SpatialDropout2D(0.0),
            layers.BatchNormalization(momentum=0.8),
            layers.GlobalMaxPooling2D(),
            layers.Dense(3, kernel_initializer=keras.initializers.Orthogonal(seed=1)),
        ]
    )


def run(model):
    rng = np.random.default_rng(36)
    x = rng.normal(size=(21, 6, 6, 1)).astype("float32")
    y = rng.integers(0, 3, (21, 1))
    results = {}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Ftrl(0.1), loss, metrics=["accuracy"])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "best.weights.h5"
        keep = keras.callbacks.ModelCheckpoint(
            str(path), monitor="loss", save_best_only=True, save_weights_only=True
        )
        results["first"] = model.fit(
            x, y, epochs=3, batch_size=8, shuffle=False, verbose=0, callbacks=[keep]
        ).history
        model.optimizer.learning_rate = 0.01
        results["second"] = model.fit(x, y, epochs=1, shuffle=False, verbose=0).history
        model.load_weights(path)
    results["back"] = model.evaluate(x, y, verbose=0, return_dict=True)
    model.layers[2].trainable = False
    results["frozen"] = [len(model.trainable_variables), model.layers[2].trainable]
    model.compile(keras.optimizers.Adam(float(model.optimizer.learning_rate)), loss, metrics=[])
    results["third"] = [model.train_on_batch(x[:9], y[:9], class_weight={0: 2.0, 1: 1.0, 2: 0.0})]
    results["third"].append(model.train_on_batch(x[:9], y[:9], sample_weight=np.arange(9.0)))
    model.reset_metrics()
    results["test"] = model.test_on_batch(x, y)
    results["moments"] = model.layers[2].get_weights()
    return results


if __name__ == "__main__":
    print(run(build()))
