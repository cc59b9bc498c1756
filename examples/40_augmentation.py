"""Item 40: preparing images once more - standardising and augmenting, then a pretrained network.

Augmentation makes new images of old ones while the net trains, and never when it is used. What it
is worth is measured with a small net on few images; then it stands before a pretrained
ResNet50V2, whose range it must leave as it is.

    python examples/40_augmentation.py [--weights imagenet]
"""

import argparse
import tempfile

import minidl
import numpy as np
from _common import convolutional, load, report
from _pictures import remove_broken, write_folder
from _transfer import standardiser, unchanged, weights_for
from minidl import layers
from minidl.applications import ResNet50V2
from minidl.applications.resnet_v2 import preprocess_input

SETTINGS = {"include_top": False, "input_shape": (32, 32, 3), "pooling": "avg"}


def augmenting(seed=0):
    """Shifted a little, as hands do; digits are not to be mirrored."""
    return [
        layers.RandomTranslation(0.1, 0.1, "constant", "nearest", seed=seed),
        layers.RandomContrast(0.1, seed=seed + 1),
    ]


def small_net(x, y, tests, first):
    """Accuracy on the images as they are and shifted by a pixel."""
    minidl.set_random_seed(1)
    model = convolutional((8, 8, 1), first=first)
    model.fit(x, y, batch_size=20, epochs=60, verbose=0)
    return [model.evaluate(*test, verbose=0)[1] for test in tests]


def main(weights=None, epochs=4):
    """Accuracy with and without augmentation; a pretrained net behind it."""
    (x, y), test = load("digits")
    few = slice(0, 60)
    scale = layers.Normalization()
    scale.adapt(x[few])
    standard = scale(x[few]).numpy()
    figures = {"mean and deviation": f"{standard.mean():.3f}, {standard.std():.3f}"}
    shifted = np.roll(test[0], 1, axis=2), test[1]
    for name, first in (("as they are", []), ("augmented", augmenting())):
        upright, moved = small_net(x[few], y[few], (test, shifted), first)
        figures[f"accuracy, trained on 60 images {name}"] = upright
        figures[f"... on images shifted by a pixel, {name}"] = moved
    minidl.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        write_folder(folder, 200)
        figures["broken files"] = len(remove_broken(folder))
        data = minidl.utils.image_dataset_from_directory(
            folder, image_size=(32, 32), batch_size=40, seed=1, verbose=False
        )
        images = np.asarray(next(iter(data))[0])
        base = ResNet50V2(weights=weights_for(ResNet50V2, weights, **SETTINGS), **SETTINGS)
        base.trainable = False
        before = base.get_weights()
        image = minidl.Input((32, 32, 3))
        found = image
        for layer in augmenting(3):
            found = layer(found)
        scale = standardiser(base.predict(preprocess_input(images), verbose=0))
        found = scale(base(preprocess_input(found), training=False))
        model = minidl.Model(image, layers.Dense(10, activation="softmax")(found))
        model.compile(minidl.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
        losses = model.fit(data, epochs=epochs, verbose=0).history["loss"]
        figures["first loss"], figures["last loss"] = losses[0], losses[-1]
        figures["no augmentation in use"] = np.array_equal(
            model.predict(images, verbose=0), model.predict(images, verbose=0)
        )
        figures["base unchanged to the bit"] = unchanged(before, base)
    return report(figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", help="imagenet, or a file")
    main(**vars(parser.parse_args()))
