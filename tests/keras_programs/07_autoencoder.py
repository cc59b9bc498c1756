"""A convolutional autoencoder; the encoder is used alone afterwards."""

import keras
import numpy as np
from keras import layers


def build():
    image = keras.Input((16, 16, 1), name="image")
    x = layers.Conv2D(8, 3, activation="relu", padding="same", strides=2)(image)
    code = layers.Conv2D(4, 3, activation="relu", padding="same", strides=2, name="code")(x)
    x = layers.Conv2DTranspose(8, 3, activation="relu", padding="same", strides=2)(code)
    x = layers.UpSampling2D(2)(x)
    decoded = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    return keras.Model(image, decoded, name="autoencoder")


def run(model):
    rng = np.random.default_rng(6)
    clean = (rng.random((24, 16, 16, 1)) > 0.7).astype("float32")
    noisy = np.clip(clean + 0.2 * rng.normal(size=clean.shape), 0, 1).astype("float32")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["mse"])
    history = model.fit(noisy, clean, epochs=2, batch_size=8, shuffle=False, verbose=0)
    encoder = keras.Model(model.input, model.get_layer("code").output)
    return {
        "history": history.history,
        "decoded": model.predict(noisy, verbose=0),
        "code": encoder.predict(noisy, verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
