"""What the items on pretrained networks share: images of their size, and a frozen base."""

import os
import tempfile

import minidl
import numpy as np
from _common import load
from minidl import layers


def digits(size, count, test):
    """Digits as colour images of that size in [0, 255]: `(x, y), (x_test, y_test)`."""
    (x, y), (x_test, y_test) = load("digits")
    grow = layers.Resizing(size, size)

    def colour(images):
        large = np.asarray(grow(images.astype(np.float32) * 255.0).numpy())
        return np.repeat(large, 3, axis=-1)

    return (colour(x[:count]), y[:count]), (colour(x_test[:test]), y_test[:test])


def weights_for(network, weights, **settings):
    """A path of weights: "imagenet" and files stay; None makes a file of random ones.

    Without a network connection there is nothing pretrained: the file shows how one is loaded.
    """
    if weights is not None:
        return weights
    model = network(weights=None, **settings)
    path = os.path.join(tempfile.mkdtemp(), "base.weights.h5")
    model.save_weights(path)
    return path


def with_head(base, images, units=10):
    """The base, frozen, and a new head for what it finds in such images."""
    base.trainable = False
    scale = standardiser(base.predict(images, batch_size=50, verbose=0))
    return minidl.Sequential([base, scale, layers.Dense(units, activation="softmax")])


def standardiser(features):
    """A layer that gives features mean 0 and variance 1: of random weights they are tiny.

    What hardly varies in these images is kept small, for it may vary in others.
    """
    variance = features.var(0)
    return layers.Normalization(
        mean=features.mean(0), variance=np.maximum(variance, 0.1 * variance.mean())
    )


def unchanged(before, model):
    return all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
