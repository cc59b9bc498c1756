"""Item 21: transfer learning with ResNet50 - first a new head, then the last block with it.

As in the text the base is frozen while the head learns. Then its last block is set free and goes
on at a small rate; its batch normalisations stay as they are, since they were called as inference.
With `--weights imagenet` the base is Keras's; without, it has random weights out of a file.

    python examples/21_transfer_resnet.py [--weights imagenet]
"""

import argparse

import minidl
import numpy as np
from _common import report
from _transfer import digits, weights_for
from minidl import layers
from minidl.applications import ResNet50
from minidl.applications.resnet50 import preprocess_input

SETTINGS = {"include_top": False, "input_shape": (32, 32, 3), "pooling": "avg"}


def main(weights=None, epochs=6):
    """Train on digits in two phases."""
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = digits(32, 300, 150)
    x, x_test = preprocess_input(x), preprocess_input(x_test)
    base = ResNet50(weights=weights_for(ResNet50, weights, **SETTINGS), **SETTINGS)
    base.trainable = False
    image = minidl.Input((32, 32, 3))
    features = layers.BatchNormalization(momentum=0.8)(base(image, training=False))
    model = minidl.Model(image, layers.Dense(10, activation="softmax")(features))

    def train(rate, epochs):
        model.compile(
            minidl.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model.fit(x, y, batch_size=50, epochs=epochs, verbose=0).history["loss"]

    before = {w.path: w.numpy() for w in base.weights}
    losses = train(3e-3, epochs)
    changed = sum(not np.array_equal(before[w.path], w.numpy()) for w in base.weights)
    figures = {
        "weights of the base changed, head alone": changed,
        "first loss, head alone": losses[0],
        "last loss, head alone": losses[-1],
        "accuracy, head alone": model.evaluate(x_test, y_test, verbose=0)[1],
    }
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name.startswith("conv5_block3")
    losses = train(1e-4, 3)
    moved = {
        w.path.split("/")[-2] for w in base.weights if not np.array_equal(before[w.path], w.numpy())
    }
    figures["last loss, with the last block"] = losses[-1]
    figures["accuracy, with the last block"] = model.evaluate(x_test, y_test, verbose=0)[1]
    figures["layers of the base that moved"] = ", ".join(sorted(moved))
    return report(figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", help="imagenet, or a file")
    main(**vars(parser.parse_args()))
