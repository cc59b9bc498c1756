"""Item 28: two SimpleRNN layers name a class at each step of a sequence.

The sequences are random digits, one-hot; the label of a step is the sum of its digit and the one
before, modulo ten. A net that sees one step at a time can only guess: the layers must carry the
digit before in their state. The text gives its labels the shape (timesteps, features); class
numbers for `sparse_categorical_crossentropy` have the shape (samples, timesteps).

    python examples/28_simple_rnn.py
"""

import minidl
import numpy as np
from _common import report
from minidl import layers


def sequences(count, steps, rng):
    """One-hot digits (count, steps, 10) and labels (count, steps)."""
    digits = rng.integers(0, 10, (count, steps))
    before = np.pad(digits, ((0, 0), (1, 0)))[:, :-1]
    return np.eye(10, dtype=np.float32)[digits], (digits + before) % 10


def learn(inner, data, epochs):
    """A compiled net of the given layers, after `epochs` over `data`, and its losses."""
    x, y = data
    net = [minidl.Input((None, 10)), *inner, layers.Dense(10, activation="softmax")]
    model = minidl.Sequential(net)
    model.compile(minidl.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    return model, model.fit(x, y, epochs=epochs, batch_size=64, verbose=0).history["loss"]


def main(steps=20, epochs=8, units=128):
    rng = np.random.default_rng(0)
    data = sequences(1500, steps, rng)
    test, longer = sequences(300, steps, rng), sequences(100, 5 * steps, rng)
    figures = {}
    for name, layer, options in (
        ("SimpleRNN", layers.SimpleRNN, {"return_sequences": True}),
        ("Dense", layers.Dense, {}),
    ):
        minidl.set_random_seed(0)
        inner = [layer(units, activation="relu", **options) for _ in range(2)]
        model, losses = learn(inner, data, epochs)
        said = model.predict(test[0], verbose=0).argmax(-1)
        figures[f"accuracy of a step, {name}"] = float((said == test[1]).mean())
        figures[f"first loss, {name}"], figures[f"last loss, {name}"] = losses[0], losses[-1]
        if name == "SimpleRNN":
            figures["shape of the answer"] = said.shape
            said = model.predict(longer[0], verbose=0).argmax(-1)
            figures["accuracy, sequences five times as long"] = float((said == longer[1]).mean())
    return report(figures)


if __name__ == "__main__":
    main()
