"""Item 39: a layer of one's own that adds a penalty to the loss.

The text's layer returns the penalty in the place of its input, so that the net's answer is lost
and only the penalty is left to be "classified". A regularising layer passes its input on and
calls `add_loss`; the penalty is then part of the loss of `fit` and its gradient reaches the
layers before.

    python examples/39_regularizing_layer.py
"""

import minidl
import numpy as np
from _common import accuracy, load, report
from minidl import layers, ops


class L1Activity(minidl.Layer):
    """Passes its input on, and adds a share of the sum of its absolute values to the loss."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        self.add_loss(self.factor * ops.sum(ops.absolute(x)) / x.shape[0])
        return x

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class AsTheTextHasIt(minidl.Layer):
    """Returns the penalty: one number for the whole batch."""

    def call(self, x):
        return 0.01 * ops.sum(ops.absolute(x))


def net(factor, shape):
    model = minidl.Sequential(
        [
            minidl.Input(shape),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            L1Activity(factor),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(data=None, epochs=15):
    (x, y), (x_test, y_test) = load(data)
    figures = {}
    for factor in (0.0, 0.01):
        minidl.set_random_seed(0)
        model = net(factor, x.shape[1:])
        model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
        hidden = model.layers[1](model.layers[0](x_test)).numpy()
        figures[f"accuracy, factor {factor}"] = accuracy(model, x_test, y_test)
        figures[f"active units, factor {factor}"] = float((hidden > 0).mean())
        # the loss that fit reports is the classification's and the penalty
        plain = minidl.losses.sparse_categorical_crossentropy(y_test, model(x_test))
        whole = model.evaluate(x_test, y_test, batch_size=len(x_test), verbose=0)[0]
        penalty = factor * np.abs(hidden).sum() / len(x_test)
        figures[f"loss minus its parts, factor {factor}"] = float(
            whole - (np.mean(plain.numpy()) + penalty)
        )
    weights = minidl.Variable(np.array([[1.0, -2.0]], np.float32))
    layer = L1Activity(0.5)
    with minidl.GradientTape() as tape:
        layer(weights * 3.0)
        penalty = layer.losses[0]
    figures["gradient of the penalty"] = tape.gradient(penalty, weights).numpy().tolist()
    figures["shape of the text's answer"] = AsTheTextHasIt()(np.ones((4, 10))).shape
    return report(figures)


if __name__ == "__main__":
    main()
