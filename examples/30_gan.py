"""Item 30: a generative adversarial net that draws digits.

In the text the generator's labels are zeros, so that it learns to be found out; they must be ones.
It also feeds the sigmoid's result where scores belong, and trains both players on one fixed batch.
Here each player has its own optimizer, one persistent tape gives both gradients, and the samples
can be seen.

    python examples/30_gan.py [picture.png]
"""

import minidl
import numpy as np
from _common import draw, load, picture_from_command_line, report
from minidl import layers, ops

NOISE, BATCH = 16, 64


def generator():
    """From noise to an 8x8 image in [0, 1]: the text's net, for small images."""
    return minidl.Sequential(
        [
            minidl.Input((NOISE,)),
            layers.Dense(4 * 4 * 48),
            layers.LeakyReLU(0.2),
            layers.Reshape((4, 4, 48)),
            layers.Conv2DTranspose(48, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(1, 5, padding="same", activation="sigmoid"),
        ]
    )


def discriminator():
    """From an image to a score: above zero for one that looks real."""
    return minidl.Sequential(
        [
            minidl.Input((8, 8, 1)),
            layers.GaussianNoise(0.15),  # real and drawn images are not too easy to tell apart
            layers.Conv2D(48, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Conv2D(96, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


class Gan(minidl.Model):
    """Both players, and a step that trains both."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = generator(), discriminator()
        self.loss_of = minidl.losses.BinaryCrossentropy(from_logits=True)
        self.players = [minidl.optimizers.Adam(5e-4, beta_1=0.5) for _ in range(2)]

    def step(self, images, noise):
        """The losses of discriminator and generator on a batch."""
        with minidl.GradientTape(persistent=True) as tape:
            fakes = self.generator(noise, training=True)
            real = self.discriminator(images, training=True)
            fake = self.discriminator(fakes, training=True)
            ones, zeros = ops.ones_like(real), ops.zeros_like(fake)
            d_loss = self.loss_of(0.9 * ones, real) + self.loss_of(zeros, fake)
            g_loss = self.loss_of(ones, fake)
        players = self.discriminator.trainable_variables, self.generator.trainable_variables
        # Both gradients before the first step: they are for the weights as they were.
        gradients = [
            tape.gradient(loss, variables)
            for loss, variables in zip((d_loss, g_loss), players, strict=True)
        ]
        for optimizer, values, variables in zip(self.players, gradients, players, strict=True):
            optimizer.apply_gradients(zip(values, variables, strict=True))
        return float(d_loss), float(g_loss)


def nearest(samples, images):
    """How far samples are from the nearest real image, on the average."""
    a, b = samples.reshape(len(samples), -1), images.reshape(len(images), -1)
    distances = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return float(np.sqrt(np.maximum(distances, 0).min(1)).mean())


def main(epochs=50, picture=None):
    """Train on digits; compare samples with real images before and after."""
    (x, _), _ = load("digits")
    minidl.set_random_seed(4)
    rng = np.random.default_rng(4)
    gan = Gan()
    fixed = rng.standard_normal((64, NOISE)).astype(np.float32)
    figures = {"distance to digits, before": nearest(gan.generator.predict(fixed, verbose=0), x)}
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for begin in range(0, len(x) - BATCH + 1, BATCH):
            images = x[order[begin : begin + BATCH]].astype(np.float32)
            noise = rng.standard_normal((BATCH, NOISE)).astype(np.float32)
            losses = gan.step(images, noise)
    samples = gan.generator.predict(fixed, verbose=0)
    figures["distance to digits, after"] = nearest(samples, x)
    figures["distance between digits"] = nearest(x[:64] + 0.0, x[64:])
    figures["spread of the samples"] = float(samples.std(0).mean())
    figures["spread of the digits"] = float(x.std(0).mean())
    figures["last losses"] = tuple(round(v, 2) for v in losses)
    if picture:
        grid = samples.reshape(8, 8, 8, 8).transpose(0, 2, 1, 3).reshape(64, 64)
        draw(picture, {"samples": grid}, columns=1)
    return report(figures)


if __name__ == "__main__":
    main(picture=picture_from_command_line())
