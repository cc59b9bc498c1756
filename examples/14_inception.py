"""Item 14: Inception blocks, whose branches look at a picture through windows of several sizes.

The text's "Inception" net is a chain of convolutions. Here the branches are parallel, and
Concatenate puts their channels side by side.

    python examples/14_inception.py
"""

import minidl
import numpy as np
from minidl import layers


def conv(x, filters, size):
    """A convolution with relu that keeps the size of the picture."""
    return layers.Conv2D(filters, size, padding="same", activation="relu")(x)


def inception(x, filters):
    """1x1, 3x3 and 5x5 windows and pooling, side by side; 1x1 convolutions keep it cheap."""
    return layers.Concatenate()(
        [
            conv(x, filters, 1),
            conv(conv(x, filters, 1), filters, 3),
            conv(conv(x, filters // 2, 1), filters, 5),
            conv(layers.MaxPooling2D(3, strides=1, padding="same")(x), filters, 1),
        ]
    )


def net():
    """Two blocks, with a second head on the first one that helps it learn."""
    image = minidl.Input((8, 8, 1), name="image")
    x = inception(conv(image, 8, 3), 8)
    side = layers.Dense(10, name="side")(layers.Flatten()(layers.MaxPooling2D()(x)))
    x = inception(layers.MaxPooling2D()(x), 12)
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    return minidl.Model(image, {"main": layers.Dense(10, name="main")(x), "side": side})


def main(epochs=10):
    """Train both heads on digits, the side head with a smaller weight."""
    (x, y), (x_test, y_test) = minidl.datasets.digits.load_data()
    x, x_test = (a.reshape(-1, 8, 8, 1).astype(np.float32) / max(1, x.max()) for a in (x, x_test))
    minidl.set_random_seed(1)
    model = net()
    loss = minidl.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        minidl.optimizers.Adam(0.004),
        {"main": loss, "side": loss},
        loss_weights={"main": 1.0, "side": 0.3},
        metrics={"main": "accuracy", "side": "accuracy"},
    )
    model.fit(x, {"main": y, "side": y}, batch_size=64, epochs=epochs, verbose=0)
    scores = model.evaluate(x_test, {"main": y_test, "side": y_test}, verbose=0, return_dict=True)
    widths = [layer.output.shape[-1] for layer in model.layers if "concatenate" in layer.name]
    figures = {
        "main accuracy": scores["main_accuracy"],
        "side accuracy": scores["side_accuracy"],
        "loss": scores["loss"],
        "main and side loss": scores["main_loss"] + 0.3 * scores["side_loss"],
        "channels of the blocks": widths,
    }
    for name, value in figures.items():
        print(f"{name:24} {value}")
    return figures


if __name__ == "__main__":
    main()
