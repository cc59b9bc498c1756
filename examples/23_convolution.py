"""Item 23: what a convolution computes, and a net of convolutions.

The layer's result is compared with the sum written out: at each place the products of the
kernel and the pixels below it, added up. (Deep learning's "convolution" does not turn the kernel
round first, as the mathematicians' does.)

    python examples/23_convolution.py
"""

import minidl
import numpy as np
from _common import accuracy, convolutional, load, report
from minidl import layers


def by_hand(x, kernel, bias):
    """A convolution in four loops."""
    n, h, w, _ = x.shape
    kh, kw, _, filters = kernel.shape
    out = np.zeros((n, h - kh + 1, w - kw + 1, filters))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            window = x[:, i : i + kh, j : j + kw]
            out[:, i, j] = np.tensordot(window, kernel, 3) + bias
    return out


def main(data=None, epochs=30):
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = load(data)
    layer = layers.Conv2D(4, 3)
    got = layer(x[:5]).numpy()
    wanted = by_hand(x[:5], *layer.get_weights())
    model = convolutional(x.shape[1:])
    model.fit(x, y, epochs=epochs, batch_size=32, validation_split=0.1, verbose=0)
    return report(
        {
            "accuracy": accuracy(model, x_test, y_test),
            "difference from the written-out sum": float(np.abs(got - wanted).max()),
        }
    )


if __name__ == "__main__":
    main()
