"""Item 35: what convolution and pooling are for: the same images, moved.

Both nets name the test images about equally well. Moved by one pixel, the dense net loses much
more: it has learned pixels, the convolutional net has learned shapes.

    python examples/35_cnn_against_dense.py
"""

import minidl
import numpy as np
from _common import accuracy, classifier, convolutional, load, report
from minidl import layers


def main(data=None, epochs=30):
    (x, y), (x_test, y_test) = load(data)
    step = x.shape[1] // 8
    moved = np.roll(x_test, step, axis=2)
    moved[:, :, :step] = 0
    figures = {}
    for name in ("convolutional", "dense"):
        minidl.set_random_seed(0)
        if name == "dense":
            model = classifier(layers.Flatten(), layers.Dense(256, "relu"), layers.Dropout(0.4),
                               shape=x.shape[1:])  # fmt: skip
        else:
            model = convolutional(x.shape[1:])
        model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
        figures[f"accuracy: {name}"] = accuracy(model, x_test, y_test)
        figures[f"accuracy, images moved: {name}"] = accuracy(model, moved, y_test)
    figures["shapes"] = " -> ".join(
        str(layer.output.shape[1:] if hasattr(layer, "output") else "")
        for layer in convolutional(x.shape[1:]).layers[:4]
    )
    return report(figures)


if __name__ == "__main__":
    main()
