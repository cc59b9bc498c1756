"""Item 26: preparing images - loading, cleaning, scaling - and a pretrained network on them.

Real PNG and JPEG files, three of which are broken, are cleaned, read in batches by threads while
the net trains, brought to the network's size and range, and given to ResNet50 with a new head. The
text scales to [0, 1], but ResNet50 wants blue first and the mean taken off: `preprocess_input`.

    python examples/26_data_preprocessing.py [--weights imagenet]
"""

import argparse
import tempfile

import minidl
import numpy as np
from _common import report
from _pictures import remove_broken, write_folder
from _transfer import unchanged, weights_for, with_head
from minidl.applications import ResNet50
from minidl.applications.resnet50 import preprocess_input

SETTINGS = {"include_top": False, "input_shape": (32, 32, 3), "pooling": "avg"}


def main(weights=None, epochs=4):
    """From a folder of files to a trained head."""
    minidl.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        write_folder(folder)
        figures = {"broken files": ", ".join(sorted(remove_broken(folder)))}
        read = {"image_size": (32, 32), "batch_size": 40, "validation_split": 0.25, "seed": 1}
        train, test = (
            minidl.utils.image_dataset_from_directory(folder, subset=subset, verbose=False, **read)
            for subset in ("training", "validation")
        )
        images, labels = next(iter(train))
        figures["images as read"] = (
            f"{np.shape(images)}, {np.min(images):.0f} to {np.max(images):.0f}"
        )
        prepared = preprocess_input(np.asarray(images))
        figures["images as ResNet50 wants them"] = f"{prepared.min():.0f} to {prepared.max():.0f}"
        figures["classes"] = len(set(np.asarray(labels).tolist()))

        def ready(data):
            return data.map(lambda x, y: (preprocess_input(np.asarray(x)), y)).cache().prefetch(2)

        base = ResNet50(weights=weights_for(ResNet50, weights, **SETTINGS), **SETTINGS)
        before = base.get_weights()
        model = with_head(base, prepared)
        model.compile(
            minidl.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        losses = model.fit(ready(train), epochs=epochs, verbose=0).history["loss"]
        figures["first loss"], figures["last loss"] = losses[0], losses[-1]
        figures["accuracy on held-out files"] = model.evaluate(ready(test), verbose=0)[1]
        figures["base unchanged to the bit"] = unchanged(before, base)
    return report(figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", help="imagenet, or a file")
    main(**vars(parser.parse_args()))
