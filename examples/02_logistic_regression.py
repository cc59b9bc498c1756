"""Item 2: logistic regression by gradient ascent of the log-likelihood.

The log-likelihood of labels y under p = sigmoid(w x + b) has the gradient

    dw = sum(x * (y - p))      db = sum(y - p)

and ascent adds it. The text this follows multiplies by -2 and by p (1 - p), which belongs to the
squared error, and then adds: that goes down instead of up, as is shown.

    python examples/02_logistic_regression.py
"""

import minidl
import numpy as np
from minidl import ops

X = np.array([1, 2, 3, 4, 5], np.float64)
Y = np.array([0, 0, 1, 1, 1], np.float64)


def likelihood(w, b):
    """The log-likelihood, straight from the logits: finite however sure the model is."""
    z = w * X + b
    return float((Y * z - np.logaddexp(0, z)).sum())


def ascend(gradient, steps, rate):
    """Steps along a gradient, and the likelihood after each."""
    w, b, history = 0.0, 0.0, []
    for _ in range(steps):
        dw, db = gradient(w, b)
        w, b = w + rate * dw, b + rate * db
        history.append(likelihood(w, b))
    return w, b, history


def right(w, b):
    """The gradient of the log-likelihood."""
    error = Y - 1 / (1 + np.exp(-(w * X + b)))
    return (X * error).sum(), error.sum()


def of_the_text(w, b):
    """The text's; its db is one number a point, of which the mean is taken here."""
    p = 1 / (1 + np.exp(-(w * X + b)))
    error = Y - p
    return (-2 * X * error * p * (1 - p)).mean(), (-2 * error).mean()


def by_tape(w, b):
    """The gradient from the tape, for comparison."""
    w, b = minidl.Variable(w, dtype="float64"), minidl.Variable(b, dtype="float64")
    with minidl.GradientTape() as tape:
        loss = ops.sum(ops.binary_crossentropy(Y, w * X + b, from_logits=True))
    return tuple(-float(g) for g in tape.gradient(loss, [w, b]))


def main(steps=3000, rate=0.1):
    """Climb, and compare with the text's way."""
    w, b, history = ascend(right, steps, rate)
    *_, falling = ascend(of_the_text, 100, 0.01)
    p = 1 / (1 + np.exp(-(w * X + b)))
    figures = {
        "w": w,
        "b": b,
        "boundary": -b / w,
        "likelihood first": history[0],
        "likelihood last": history[-1],
        "steps that fell": int((np.diff(history) < 0).sum()),
        "points right": int(((p > 0.5) == Y).sum()),
        "tape differs by": max(
            abs(x - y) for x, y in zip(right(0.3, -1.0), by_tape(0.3, -1.0), strict=True)
        ),
        "text's likelihood first": falling[0],
        "text's likelihood last": falling[-1],
    }
    for name, value in figures.items():
        print(f"{name:26} {value}")
    return figures


if __name__ == "__main__":
    main()
