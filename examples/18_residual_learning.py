"""Item 18: residual learning - how much deeper a net may be when its layers learn differences.

The text calls its block on `model.output` of a model that is only being made, which no library
accepts. Here the same dense net is built at several depths, plain and residual, and trained alike:
the plain one stops learning at a depth where the residual one still does.

    python examples/18_residual_learning.py
"""

import minidl
from _common import load, report
from minidl import layers

DEPTHS = (1, 12, 48)


def net(depth, residual):
    """`depth` dense layers of 32, each added to what it was given or in place of it."""
    image = minidl.Input((8, 8, 1))
    x = layers.Dense(32, activation="tanh")(layers.Flatten()(image))
    for _ in range(depth):
        y = layers.Dense(32, activation="sigmoid")(x)
        x = layers.Add()([x, y]) if residual else y
        if residual:
            x = layers.LayerNormalization()(x)
    return minidl.Model(image, layers.Dense(10, activation="softmax")(x))


def accuracy(depth, residual, epochs):
    (x, y), (x_test, y_test) = load("digits")
    minidl.set_random_seed(2)
    model = net(depth, residual)
    model.compile(
        minidl.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def main(epochs=12):
    """Accuracy on held-out digits by depth."""
    return report(
        {
            f"accuracy, {depth} layers, {'residual' if residual else 'plain'}": accuracy(
                depth, residual, epochs
            )
            for depth in DEPTHS
            for residual in (False, True)
        }
    )


if __name__ == "__main__":
    main()
