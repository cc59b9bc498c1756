"""Item 19: depthwise separable convolution: fewer weights, less time, much the same accuracy.

python examples/19_separable_convolution.py
"""

import minidl
import numpy as np
from _common import accuracy, classifier, load, milliseconds, report
from minidl import layers


def net(kind, shape):
    """Two convolutions of one kind."""
    return classifier(
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        kind(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        kind(64, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.3),
        shape=shape,
    )


def main(data=None, epochs=12):
    (x, y), (x_test, y_test) = load(data)
    figures = {}
    for name, kind in (("standard", layers.Conv2D), ("separable", layers.SeparableConv2D)):
        minidl.set_random_seed(0)
        model = net(kind, x.shape[1:])
        model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
        figures[f"accuracy: {name}"] = accuracy(model, x_test, y_test)
        layer = kind(128, 3, padding="same")
        images = np.random.default_rng(0).standard_normal((2, 56, 56, 128)).astype(np.float32)
        layer(images)
        figures[f"parameters: {name}"] = layer.count_params()
        figures[f"milliseconds: {name}"] = milliseconds(lambda layer=layer, x=images: layer(x))
    # one after the other, its two steps give the same
    whole = layers.SeparableConv2D(6, 3, use_bias=False)
    images = np.random.default_rng(1).standard_normal((2, 9, 9, 4)).astype(np.float32)
    result = whole(images).numpy()
    steps = [layers.DepthwiseConv2D(3, use_bias=False), layers.Conv2D(6, 1, use_bias=False)]
    between = images
    for step, weights in zip(steps, whole.get_weights(), strict=True):
        step.build(between.shape)
        step.set_weights([weights])
        between = step(between)
    figures["difference of two steps and one"] = float(np.abs(between.numpy() - result).max())
    return report(figures)


if __name__ == "__main__":
    main()
