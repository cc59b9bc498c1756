"""Two networks against each other by train_on_batch, the discriminator frozen in one."""

import keras
import numpy as np
from keras import layers


def build():
    generator = keras.Sequential(
        [keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(6, "tanh")], name="generator"
    )
    discriminator = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(1, "sigmoid"),
        ],
        name="discriminator",
    )
    noise = keras.Input((4,))
    return keras.Model(noise, discriminator(generator(noise)), name="joint")


def run(joint):
    generator, discriminator = joint.get_layer("generator"), joint.get_layer("discriminator")
    discriminator.compile(optimizer=keras.optimizers.Adam(0.01, beta_1=0.5), loss="bce")
    discriminator.trainable = False
    joint.compile(optimizer=keras.optimizers.Adam(0.01, beta_1=0.5), loss="bce")
    discriminator.trainable = True
    rng = np.random.default_rng(25)
    losses = []
    for _ in range(6):
        real = rng.uniform(-1, 1, (16, 6)).astype("float32")
        noise = rng.normal(size=(16, 4)).astype("float32")
        made = generator.predict(noise, verbose=0)
        discriminator.trainable = True
        losses.append(discriminator.train_on_batch(real, np.ones((16, 1))))
        losses.append(discriminator.train_on_batch(made, np.zeros((16, 1))))
        discriminator.trainable = False
        losses.append(joint.train_on_batch(noise, np.ones((16, 1))))
    return {"losses": losses, "made": generator.predict(noise, verbose=0)}


if __name__ == "__main__":
    print(run(build()))
