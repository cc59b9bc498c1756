"""Item 34: a fully connected net with two hidden layers.

python examples/34_dense_network.py
"""

import minidl
from _common import accuracy, classifier, load, report
from minidl import layers


def main(data=None, epochs=25):
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = load(data)
    model = classifier(
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(64, activation="relu"),
        layers.BatchNormalization(),
        shape=x.shape[1:],
        learning_rate=2e-3,
    )
    model.fit(x, y, epochs=epochs, batch_size=32, validation_split=0.1, verbose=0)
    inputs = x[0].size
    by_hand = (inputs + 1) * 128 + (128 + 1) * 64 + 4 * 64 + (64 + 1) * 10
    return report(
        {
            "accuracy": accuracy(model, x_test, y_test),
            "parameters": model.count_params(),
            "parameters by hand": by_hand,
        }
    )


if __name__ == "__main__":
    main()
