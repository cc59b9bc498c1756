"""Item 38: the training step written by hand, with four optimizers.

The text's loop adds up losses and divides by `len(dataset)`; its step is what `fit` does. Both
ways are taken here: a loop with a tape, and `train_step` overridden in a model that `fit` then
uses. With the same start and the same batches they give the same weights, to the bit.

    python examples/38_training_step.py
"""

import minidl
import numpy as np
from _common import report
from minidl import layers, ops
from minidl.optimizers import SGD, Adadelta, Adam, RMSprop

OPTIMIZERS = {
    "gradient descent": lambda: SGD(0.1),
    "Adam": lambda: Adam(0.02),
    "RMSprop": lambda: RMSprop(0.01),
    "Adadelta": lambda: Adadelta(20.0),
}
BATCH, EPOCHS = 16, 25


def data():
    """y = sin(3 x), with some noise."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (256, 1)).astype(np.float32)
    return x, (np.sin(3 * x) + 0.05 * rng.standard_normal(x.shape)).astype(np.float32)


class Regression(minidl.Sequential):
    """A step of its own: what `fit` calls for every batch."""

    def train_step(self, batch):
        x, y = batch
        with minidl.GradientTape() as tape:
            loss = ops.mean(ops.square(y - self(x, training=True)))
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}


def net():
    minidl.set_random_seed(5)
    inner = [minidl.Input((1,)), layers.Dense(24, activation="tanh"), layers.Dense(1)]
    return Regression(inner)


def by_hand(optimizer, x, y):
    """The loop, batch by batch; the mean loss of every epoch."""
    model = net()
    losses = []
    for _ in range(EPOCHS):
        total = 0.0
        for begin in range(0, len(x), BATCH):
            inputs, targets = x[begin : begin + BATCH], y[begin : begin + BATCH]
            with minidl.GradientTape() as tape:
                loss = ops.mean(ops.square(targets - model(inputs, training=True)))
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            total += float(loss)
        losses.append(total * BATCH / len(x))
    return model, losses


def main():
    """The last loss of every optimizer, and whether both ways agree."""
    x, y = data()
    figures = {}
    for name, make in OPTIMIZERS.items():
        model, losses = by_hand(make(), x, y)
        figures[f"first loss, {name}"], figures[f"last loss, {name}"] = losses[0], losses[-1]
        fitted = net()
        fitted.compile(make())
        fitted.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
        figures[f"same weights from fit, {name}"] = all(
            np.array_equal(a, b)
            for a, b in zip(model.get_weights(), fitted.get_weights(), strict=True)
        )
    return report(figures)


if __name__ == "__main__":
    main()
