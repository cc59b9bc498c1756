"""Item 11: a dense net with batch normalisation.

In training each feature is brought to mean 0 and variance 1 over the batch, then scaled and
shifted by learned weights; predictions use averages kept from training, so that one image's
answer does not depend on its neighbours.

    python examples/11_batch_normalization.py
"""

import minidl
import numpy as np
from _common import accuracy, classifier, load, report
from minidl import layers


def main(data=None, epochs=15):
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = load(data)
    model = classifier(
        layers.Flatten(),
        layers.BatchNormalization(),
        layers.Dense(128, activation="relu"),
        layers.BatchNormalization(),
        shape=x.shape[1:],
        learning_rate=2e-3,
    )
    model.fit(x, y, epochs=epochs, batch_size=32, validation_split=0.1, verbose=0)
    rows = np.random.default_rng(0).normal(5, 3, (256, 4)).astype(np.float32)
    normalised = layers.BatchNormalization()(rows, training=True).numpy()
    alone, together = model.predict(x_test[:1], verbose=0), model.predict(x_test, verbose=0)
    return report(
        {
            "accuracy": accuracy(model, x_test, y_test),
            "mean after it": float(np.abs(normalised.mean(0)).max()),
            "deviation after it": float(normalised.std(0).mean()),
            "difference alone or in a batch": float(np.abs(alone[0] - together[0]).max()),
        }
    )


if __name__ == "__main__":
    main()
