"""Item 8: accuracy, precision, recall and F1 of a classifier, from the counts and from metrics.

    accuracy = (TP + TN) / all     precision = TP / (TP + FP)     recall = TP / (TP + FN)
    F1 = 2 precision recall / (precision + recall)

A net tells the digit 8 from all others. One image in ten is an 8, so that a model which always
says "no" has an accuracy of 0.9 and a recall of 0: accuracy alone misleads.

    python examples/08_metrics.py
"""

import minidl
import numpy as np
from minidl import layers, metrics


def scores(y, p):
    """All four by minidl's metrics."""
    found = {}
    kinds = [metrics.BinaryAccuracy(name="accuracy"), metrics.Precision(name="precision"),
             metrics.Recall(name="recall"),
             metrics.F1Score(average="micro", threshold=0.5, name="f1")]  # fmt: skip
    for m in kinds:
        m.update_state(y[:, None], p[:, None])
        found[m.name] = float(m.result())
    return found


def formulas(y, p):
    """All four by the formulas above."""
    said = p > 0.5
    tp, fp = (said & (y == 1)).sum(), (said & (y == 0)).sum()
    fn, tn = (~said & (y == 1)).sum(), (~said & (y == 0)).sum()
    precision, recall = tp / max(tp + fp, 1), tp / (tp + fn)
    return {
        "accuracy": (tp + tn) / len(y),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-12),
    }


def main():
    """Train for two epochs only, so that there are mistakes to count."""
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = minidl.datasets.digits.load_data()
    x, x_test = (v.reshape(len(v), -1).astype(np.float32) / v.max() for v in (x, x_test))
    y, y_test = ((v == 8).astype(np.int64) for v in (y, y_test))
    model = minidl.Sequential(
        [layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(minidl.optimizers.Adam(0.003), "binary_crossentropy")
    model.fit(x, y, epochs=4, verbose=0)
    p = model.predict(x_test, verbose=0)[:, 0]
    figures = {
        "metrics": scores(y_test, p),
        "formulas": {k: float(v) for k, v in formulas(y_test, p).items()},
        "always no": scores(y_test, np.zeros(len(y_test), np.float32)),
        "targets": y_test,
        "predictions": p,
    }
    for name in ("metrics", "formulas", "always no"):
        row = "  ".join(f"{k} {v:.4f}" for k, v in figures[name].items())
        print(f"{name:10} {row}")
    return figures


if __name__ == "__main__":
    main()
