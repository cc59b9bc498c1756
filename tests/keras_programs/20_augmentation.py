"""Augmentation in front of a network: active in training only.

The ranges are single points (turned by a quarter, moved by a fixed share): chance has no part.
"""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Rescaling(1.0 / 255),
            layers.RandomRotation((0.25, 0.25), fill_mode="constant"),
            layers.RandomTranslation((0.25, 0.25), (-0.25, -0.25), fill_mode="wrap"),
            layers.RandomZoom((0.2, 0.2), fill_mode="nearest"),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


def run(model):
    rng = np.random.default_rng(19)
    x = rng.integers(0, 256, (16, 12, 12, 3)).astype("float32")
    y = rng.integers(0, 2, 16)
    augment = keras.Sequential([keras.Input((12, 12, 3)), *model.layers[:4]])
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    resized = layers.Resizing(7, 9)(x)
    cropped = layers.CenterCrop(6, 6)(x)
    return {
        "history": history.history,
        "augmented": augment(x, training=True),
        "left alone": augment(x, training=False),
        "resized": resized,
        "cropped": cropped,
        "predict": model.predict(x, verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
