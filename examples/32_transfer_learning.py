"""Item 32: what transfer learning is worth, measured.

A small net learns to tell the digits 0 to 4 apart, from hundreds of images. Its convolutions,
frozen, then serve a new head that must tell 5 to 9 apart from five images of each - and the same
net is trained on these few images from the start. The text's own base, InceptionV3, is used in
item 20.

    python examples/32_transfer_learning.py
"""

import minidl
import numpy as np
from _common import load, report
from minidl import layers


def base_net():
    return minidl.Sequential(
        [
            minidl.Input((8, 8, 1)),
            layers.Conv2D(24, 3, padding="same", activation="relu"),
            layers.Conv2D(24, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(48, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
        ],
        name="base",
    )


def train(base, x, y, epochs, batch=32):
    model = minidl.Sequential([base, layers.Dense(5, activation="softmax")])
    model.compile(
        minidl.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
    return model


def main(few=2):
    """Accuracy on 5 to 9 with and without what was learned from 0 to 4."""
    (x, y), (x_test, y_test) = load("digits")
    minidl.set_random_seed(6)
    old, new, new_test = y < 5, y >= 5, y_test >= 5
    base = base_net()
    first = train(base, x[old], y[old], 15)
    figures = {
        "accuracy on 0 to 4": first.evaluate(x_test[~new_test], y_test[~new_test], verbose=0)[1]
    }
    picks = np.concatenate([np.flatnonzero(y == digit)[:few] for digit in range(5, 10)])
    x_few, y_few = x[picks], y[picks] - 5
    test = x_test[new_test], y_test[new_test] - 5
    base.trainable = False
    before = base.get_weights()
    moved = train(base, x_few, y_few, 60, batch=5)
    figures["images of 5 to 9"] = len(picks)
    figures["accuracy on 5 to 9, transferred"] = moved.evaluate(*test, verbose=0)[1]
    scratch = train(base_net(), x_few, y_few, 60, batch=5)
    figures["accuracy on 5 to 9, from scratch"] = scratch.evaluate(*test, verbose=0)[1]
    figures["base unchanged to the bit"] = all(
        np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True)
    )
    assert new.sum() > len(picks)
    return report(figures)


if __name__ == "__main__":
    main()
