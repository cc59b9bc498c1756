"""Item 37: filters made by hand find edges; a net learns its own.

python examples/37_filters.py [picture.png]
"""

import minidl
import numpy as np
from _common import accuracy, convolutional, draw, load, picture_from_command_line, report
from minidl import ops

SOBEL = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], np.float32)


def edges(images):
    """How much brighter it gets to the right, and downwards."""
    kernel = np.stack([SOBEL, SOBEL.T], -1)[:, :, None]
    return ops.conv(images, kernel, padding="same").numpy()


def main(data=None, picture=None, epochs=30):
    minidl.set_random_seed(0)
    square = np.zeros((1, 12, 12, 1), np.float32)
    square[:, 3:9, 3:9] = 1
    found = edges(square)[0]
    (x, y), (x_test, y_test) = load(data)
    model = convolutional(x.shape[1:])
    model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
    if picture:
        learned = model.layers[0].get_weights()[0][:, :, 0]
        shown = {f"learned {i}": learned[:, :, i] for i in range(4)}
        digit = edges(x_test[:1])[0]
        draw(picture, {"digit": x_test[0, :, :, 0], "to the right": digit[:, :, 0],
                       "downwards": digit[:, :, 1], **shown}, columns=4)  # fmt: skip
    return report(
        {
            "accuracy": accuracy(model, x_test, y_test),
            "left edge": float(found[6, 3, 0]),
            "right edge": float(found[6, 8, 0]),
            "upper edge": float(found[3, 6, 1]),
            "inside": float(np.abs(found[5:7, 5:7]).max()),
        }
    )


if __name__ == "__main__":
    main(picture=picture_from_command_line())
