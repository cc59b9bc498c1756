"""Item 15: a ResNet of residual blocks that halve the image, as the paper builds it.

The text's block has no way around it, so nothing in it is residual. Here each stack begins with a
block of stride 2, whose way around is a 1x1 convolution of stride 2, and what the blocks add is
measured: with the last batch norm of every block at zero the whole net is its ways around, which is
why such nets can begin to learn at any depth (Goyal et al. 2017).

    python examples/15_resnet.py
"""

import minidl
import numpy as np
from _common import load, report
from minidl import layers


def block(x, filters, stride, start):
    """relu(f(x) + way around); f's last scale begins as `start`."""
    around = x
    if stride > 1 or x.shape[-1] != filters:
        around = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        around = layers.BatchNormalization(momentum=0.9)(around)
    y = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(y))
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization(momentum=0.9, gamma_initializer=start)(y)
    return layers.ReLU()(layers.Add()([y, around]))


def resnet(blocks, start="zeros", shape=(8, 8, 1)):
    """Three stacks of that many blocks: 16, 32 and 64 filters, each half the size of the last."""
    image = minidl.Input(shape)
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for k, filters in enumerate((16, 32, 64)):
        for i in range(blocks):
            x = block(x, filters, 2 if i == 0 and k > 0 else 1, start)
    x = layers.GlobalAveragePooling2D()(x)
    return minidl.Model(image, layers.Dense(10)(x))


def main(epochs=5):
    """Train ResNet-14 on digits; what its depth is and how big."""
    (x, y), (x_test, y_test) = load("digits")
    minidl.set_random_seed(1)
    model = resnet(2)
    # Before training every block is its way around: what it adds is zero.
    images = x[:16]
    inner = [layer for layer in model.layers if isinstance(layer, layers.Add)]
    parts = minidl.Model(model.inputs, [i.input[0] for i in inner]).predict(images, verbose=0)
    figures = {
        "convolutions": sum(isinstance(layer, layers.Conv2D) for layer in model.layers),
        "weights": model.count_params(),
        "largest residual before training": max(float(np.abs(p).max()) for p in parts),
    }
    model.compile(
        minidl.optimizers.Adam(3e-3),
        minidl.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    figures["test accuracy"] = model.evaluate(x_test, y_test, verbose=0)[1]
    return report(figures)


if __name__ == "__main__":
    main()
