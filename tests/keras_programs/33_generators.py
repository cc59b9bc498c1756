"""Generators and `PyDataset`s wherever arrays go, with steps, weights and a short last batch."""

import keras
import numpy as np
from keras import layers


def build():
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, "swish"), layers.Dense(3, "softmax")]
    )


def batches(n, size, seed, forever=False, weights=False):
    while True:
        rng = np.random.default_rng(seed)
        for start in range(0, n, size):
            m = min(size, n - start)
            x = rng.normal(size=(m, 4)).astype("float32")
            y = np.abs(x).argmax(axis=1) % 3
            yield (x, y, rng.uniform(0, 2, m).astype("float32")) if weights else (x, y)
        if not forever:
            return


class Pieces(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        x = rng.normal(size=(5 - index, 4)).astype("float32")
        return x, np.abs(x).argmax(axis=1) % 3


def run(model):
    results = {}
    model.compile(
        keras.optimizers.SGD(0.2, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2)],
    )
    history = model.fit(
        batches(20, 6, 0, forever=True), epochs=3, steps_per_epoch=3, shuffle=False, verbose=0,
        validation_data=Pieces(),
    )  # fmt: skip
    results["generator"] = history.history
    pieces = Pieces()
    results["pieces"] = model.fit(
        pieces, epochs=2, shuffle=False, verbose=0, class_weight={0: 1, 1: 2, 2: 0.5}
    ).history
    results["evaluate"] = model.evaluate(
        batches(11, 4, 2, forever=True, weights=True), steps=3, verbose=0, return_dict=True
    )
    inputs = ((x,) for x, _ in batches(11, 4, 3, forever=True))
    results["predict"] = model.predict(inputs, steps=3, verbose=0)
    results["some"] = model.predict(batches(11, 4, 3, forever=True), steps=2, verbose=0)
    results["pieces_predicted"] = model.predict(pieces, verbose=0).shape
    return results


if __name__ == "__main__":
    print(run(build()))
