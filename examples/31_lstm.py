"""Item 31: an LSTM remembers across 100 steps, where a SimpleRNN forgets.

The first step of a sequence shows one of eight symbols, the 99 others show noise; at every step
the answer is the symbol of the first. The LSTM adds to its cell, and a forget gate near one
hands the cell on unharmed. A SimpleRNN passes all it knows through its weights and a tanh at each
step, noise with it: trained as long, it loses the symbol within ten steps, and only tells a few
groups of symbols apart.

The text stacks LSTMs with `activation="relu"`. That leaves the state without a bound, so the
default, tanh, is taken here, and one layer is enough.

    python examples/31_lstm.py [picture.png]
"""

import minidl
import numpy as np
from _common import draw, picture_from_command_line, report
from minidl import layers

SYMBOLS, NOISE = 8, 4


def sequences(count, steps, rng):
    """One-hot symbols, then noise, (count, steps, 12); the symbol at each step (count, steps)."""
    shown = rng.integers(SYMBOLS, SYMBOLS + NOISE, (count, steps))
    shown[:, 0] = rng.integers(0, SYMBOLS, count)
    x = np.eye(SYMBOLS + NOISE, dtype=np.float32)[shown]
    return x, np.repeat(shown[:, :1], steps, axis=1)


def main(picture=None, steps=100, epochs=12):
    rng = np.random.default_rng(0)
    x, y = sequences(2048, steps, rng)
    x_test, y_test = sequences(500, steps, rng)
    figures, losses, shares = {}, {}, {}
    for kind in (layers.LSTM, layers.SimpleRNN):
        name = kind.__name__
        minidl.set_random_seed(0)
        model = minidl.Sequential(
            [
                minidl.Input(x.shape[1:]),
                kind(32, return_sequences=True),
                layers.Dense(SYMBOLS, activation="softmax"),
            ]
        )
        adam = minidl.optimizers.Adam(5e-3, clipnorm=1.0)
        model.compile(adam, "sparse_categorical_crossentropy")
        history = model.fit(x, y, epochs=epochs, batch_size=64, verbose=0).history
        losses[name] = (range(1, epochs + 1), history["loss"])
        right = (model.predict(x_test, verbose=0).argmax(-1) == y_test).mean(0)
        shares[name] = (range(steps), right)
        for t in (0, steps // 10, steps - 1):
            figures[f"accuracy {t} steps later, {name}"] = float(right[t])
    if picture:
        draw(picture, {"loss": losses, "accuracy by steps since the symbol": shares})
    return report(figures)


if __name__ == "__main__":
    main(picture=picture_from_command_line())
