"""A frozen base with batch normalisation, a new head, then fine tuning at a small rate."""

import keras
import numpy as np
from keras import layers


def build():
    base = keras.Sequential(
        [
            keras.Input((10, 10, 3)),
            layers.Conv2D(6, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.GlobalMaxPooling2D(),
        ],
        name="base",
    )
    base.trainable = False
    inputs = keras.Input((10, 10, 3))
    x = base(layers.Rescaling(1 / 127.5, offset=-1)(inputs), training=False)
    return keras.Model(inputs, layers.Dense(2)(x))


def run(model):
    rng = np.random.default_rng(12)
    x = rng.integers(0, 256, (24, 10, 10, 3)).astype("float32")
    y = rng.integers(0, 2, 24)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    base = model.get_layer("base")
    counts = [len(model.trainable_weights), len(model.non_trainable_weights)]
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss)
    head = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0).history
    base.trainable = True
    for layer in base.layers[:-2]:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    counts += [len(model.trainable_weights), len(model.non_trainable_weights)]
    model.compile(optimizer=keras.optimizers.Adam(1e-4), loss=loss)
    tuned = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0).history
    return {
        "counts": counts,
        "head": head,
        "tuned": tuned,
        "features": base.predict(x / 127.5 - 1, verbose=0),
        "predict": model.predict(x, verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
