"""`minidl demo`: a small convolutional network learns real handwritten digits."""

from __future__ import annotations

import os
import time

import numpy as np

from . import datasets, layers
from .models import Sequential
from .random import set_random_seed
from .utils import plot_history

GOAL = 0.98


def build_model() -> Sequential:
    """Two convolutions and poolings, as in textbooks, sized for images of 8x8."""
    return Sequential(
        [
            layers.Conv2D(32, (3, 3), activation="relu", padding="same", input_shape=(8, 8, 1)),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu", padding="same"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def shifted_copies(images: np.ndarray) -> np.ndarray:
    """The images, and the same moved by one pixel right, left, down and up."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = images.shape[1:3]
    corners = ((1, 1), (1, 0), (1, 2), (0, 1), (2, 1))
    return np.concatenate([padded[:, i : i + height, j : j + width] for i, j in corners])


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray, classes: int = 10) -> np.ndarray:
    """Counts, true classes down and predicted ones across."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (y_true.astype(np.int64), y_pred.astype(np.int64)), 1)
    return counts


def _show_matrix(counts: np.ndarray) -> None:
    print("\nConfusion matrix of the held-out images (rows: true, columns: predicted)")
    print("      " + " ".join(f"{i:>4}" for i in range(len(counts))) + "   right")
    for i, row in enumerate(counts):
        cells = " ".join(f"{n:>4}" if n else "   ." for n in row)
        print(f"   {i:>2} {cells}   {row[i] / max(1, row.sum()):.1%}")


def run(epochs: int, seed: int, output: str) -> int:
    """Train, evaluate, save; see `minidl demo --help`.

    Returns:
        0, also when few epochs were asked for and the goal is not reached.
    """
    os.makedirs(output, exist_ok=True)
    set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.digits.load_data()
    x = x[..., None].astype("float32") / 16
    x_test = x_test[..., None].astype("float32") / 16
    print(
        f"Handwritten digits (UCI, E. Alpaydin and C. Kaynak, CC BY 4.0): {len(x)} images to "
        f"train on, {len(x_test)} held out.\n"
    )
    model = build_model()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    print("\nTraining on the images and on copies moved by one pixel each way.")
    start = time.monotonic()
    history = model.fit(
        shifted_copies(x),
        np.tile(y, 5),
        epochs=epochs,
        batch_size=64,
        validation_data=(x_test, y_test),
    )
    took = time.monotonic() - start

    predicted = model.predict(x_test, verbose=0).argmax(-1)
    accuracy = float((predicted == y_test).mean())
    _show_matrix(confusion_matrix(y_test, predicted))
    note = "" if accuracy >= GOAL else f" (below {GOAL:.0%}: train for more epochs)"
    print(f"\nAccuracy on the held-out images: {accuracy:.2%}{note}, trained in {took:.1f} s")

    weights = os.path.join(output, "minidl_demo.npz")
    model.save_weights(weights)
    print(f"Weights saved to {os.path.abspath(weights)}")
    picture = os.path.join(output, "minidl_demo.png")
    try:
        plot_history(history, picture)
        print(f"Curves saved to {os.path.abspath(picture)}")
    except ImportError:
        print("No picture of the curves: matplotlib is not installed (pip install matplotlib).")
    return 0
