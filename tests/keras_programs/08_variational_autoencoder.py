"""A variational autoencoder: own train_step that warms the divergence up, own metrics.

The noise comes with the data, so that two runs can be compared.
"""

import keras
import numpy as np
from keras import layers, ops


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.divergence = keras.metrics.Mean(name="divergence")
        self.warmth = 0.0

    def call(self, inputs):
        x, noise = inputs
        mean, log_variance = self.encoder(x)
        code = mean + ops.exp(0.5 * log_variance) * noise
        divergence = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        divergence = ops.mean(ops.sum(divergence, axis=1))
        self.divergence.update_state(divergence)
        self.add_loss(self.warmth * divergence)
        return self.decoder(code)

    def train_step(self, *args, **kwargs):
        self.warmth = min(1.0, self.warmth + 0.25)
        return super().train_step(*args, **kwargs)


def build():
    x = keras.Input((20,))
    hidden = layers.Dense(12, activation="relu")(x)
    encoder = keras.Model(x, [layers.Dense(3)(hidden), layers.Dense(3)(hidden)], name="encoder")
    code = keras.Input((3,))
    hidden = layers.Dense(12, activation="relu")(code)
    decoder = keras.Model(code, layers.Dense(20, activation="sigmoid")(hidden), name="decoder")
    return VAE(encoder, decoder)


def run(model):
    rng = np.random.default_rng(7)
    x = rng.random((32, 20), dtype="float32")
    noise = rng.normal(size=(32, 3)).astype("float32")
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
    history = model.fit([x, noise], x, epochs=3, batch_size=8, shuffle=False, verbose=0)
    return {
        "history": history.history,
        "reconstruction": model.predict([x, np.zeros_like(noise)], verbose=0),
        "codes": model.encoder.predict(x, verbose=0),
        "samples": model.decoder.predict(noise, verbose=0),
    }


if __name__ == "__main__":
    print(run(build()))
