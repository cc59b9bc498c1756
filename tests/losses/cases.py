"""Losses with the inputs they want: what the tests of values, gradients and metrics share."""

import numpy as np

CLASSES = 5

# name of the class, its arguments, kind of its inputs
CASES = [
    ("MeanSquaredError", {}, "same"),
    ("MeanAbsoluteError", {}, "same"),
    ("MeanAbsolutePercentageError", {}, "same"),
    ("MeanSquaredLogarithmicError", {}, "same"),
    ("CosineSimilarity", {}, "same"),
    ("CosineSimilarity", {"axis": 1}, "same"),
    ("Huber", {}, "same"),
    ("Huber", {"delta": 0.3}, "same"),
    ("LogCosh", {}, "same"),
    ("Hinge", {}, "signs"),
    ("Hinge", {}, "labels"),
    ("SquaredHinge", {}, "signs"),
    ("SquaredHinge", {}, "labels"),
    ("CategoricalHinge", {}, "one-hot"),
    ("KLDivergence", {}, "distribution"),
    ("Poisson", {}, "positive"),
    ("BinaryCrossentropy", {}, "labels"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "logits"),
    ("BinaryFocalCrossentropy", {}, "labels"),
    (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5, "label_smoothing": 0.2},
        "labels",
    ),
    ("BinaryFocalCrossentropy", {"from_logits": True}, "logits"),
    ("CategoricalCrossentropy", {}, "one-hot"),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, "one-hot"),
    ("CategoricalFocalCrossentropy", {}, "one-hot"),
    (
        "CategoricalFocalCrossentropy",
        {"from_logits": True, "alpha": [0.1, 0.2, 0.3, 0.4, 0.5], "gamma": 1.0},
        "one-hot",
    ),
    ("CategoricalFocalCrossentropy", {"label_smoothing": 0.2}, "one-hot"),
    ("SparseCategoricalCrossentropy", {}, "classes"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, "classes"),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, "classes"),
    ("SparseCategoricalCrossentropy", {"ignore_class": -1, "from_logits": True}, "ignored"),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, "classes"),
    ("Dice", {}, "labels"),
    ("Dice", {"axis": (1,)}, "labels"),
    ("Tversky", {"alpha": 0.3, "beta": 0.9}, "labels"),
    ("Tversky", {"axis": (1,)}, "labels"),
    ("Circle", {}, "embeddings"),
    ("Circle", {"gamma": 8.0, "margin": 0.2, "remove_diagonal": False}, "embeddings"),
    ("CTC", {}, "sequences"),
]
IDS = [f"{name}-{'-'.join(map(str, config.values()))}" for name, config, _ in CASES]


def inputs(kind, rng, shape=(6,), dtype=np.float32):
    """Targets and predictions; `shape` is what stands before the classes."""
    p = rng.uniform(0.05, 0.95, (*shape, CLASSES))
    labels = rng.integers(0, CLASSES, shape)
    one_hot = np.eye(CLASSES)[labels]
    y, p = {
        "same": lambda: (rng.standard_normal(p.shape), 2 * rng.standard_normal(p.shape)),
        "signs": lambda: (rng.choice([-1.0, 1.0], p.shape), 2 * rng.standard_normal(p.shape)),
        "labels": lambda: (rng.integers(0, 2, p.shape), p),
        "logits": lambda: (rng.integers(0, 2, p.shape), 12 * p - 6),
        "one-hot": lambda: (one_hot, p),
        "distribution": lambda: (p / p.sum(-1, keepdims=True), p[..., ::-1].copy()),
        "positive": lambda: (rng.poisson(2.0, p.shape), 4 * p),
        "classes": lambda: (labels, p / p.sum(-1, keepdims=True)),
        "ignored": lambda: (np.where(labels == 2, -1, labels), 4 * p),
        "embeddings": lambda: (
            rng.integers(0, 2, shape[0]),
            p.reshape(shape[0], -1) / np.linalg.norm(p.reshape(shape[0], -1), axis=1)[:, None],
        ),
        "sequences": lambda: (
            np.array([[1, 1, 3], [2, 0, 0], [4, 3, 2], [3, 3, 0], [1, 0, 0], [2, 4, 2]]),
            2 * rng.standard_normal((6, 7, CLASSES)),
        ),
    }[kind]()
    return np.asarray(y if np.asarray(y).dtype.kind == "i" else y.astype(dtype)), p.astype(dtype)
