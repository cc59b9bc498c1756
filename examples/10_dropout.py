"""Item 10: a dense net with dropout.

In training each hidden unit is dropped with probability 0.5 and the others count double, so that
nothing has to change for predictions, where none is dropped. (A rate of 0.75, which the text
calls usual, is much for a net of this size.)

    python examples/10_dropout.py
"""

import minidl
import numpy as np
from _common import accuracy, classifier, load, report
from minidl import layers


def main(data=None, epochs=30):
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = load(data)
    model = classifier(
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        shape=x.shape[1:],
        learning_rate=2e-3,
    )
    model.fit(x, y, epochs=epochs, batch_size=32, validation_split=0.1, verbose=0)
    ones = np.ones((200, 500), np.float32)
    dropped = layers.Dropout(0.5, seed=1)(ones, training=True).numpy()
    return report(
        {
            "accuracy": accuracy(model, x_test, y_test),
            "share dropped in training": float((dropped == 0).mean()),
            "mean in training": float(dropped.mean()),
            "changed in prediction": bool((layers.Dropout(0.5)(ones).numpy() != 1).any()),
        }
    )


if __name__ == "__main__":
    main()
