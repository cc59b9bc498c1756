"""Item 1: linear regression by gradient descent, by hand and by the tape.

Five points, a line through them. The gradient of the mean squared error is

    dw = -2/n * sum(x * (y - (w x + b)))      db = -2/n * sum(y - (w x + b))

The text this follows divides by the sum of x instead of n and forgets to add up: w and b become
five numbers each. That is shown, too: neither reaches the least-squares line.

    python examples/01_linear_regression.py
"""

import minidl
import numpy as np
from minidl import ops

X = np.array([1, 2, 3, 4, 5], np.float32)
Y = np.array([2, 4, 5, 4, 5], np.float32)


def by_hand(steps, rate):
    """Gradient descent with the formulas above."""
    w = b = 0.0
    for _ in range(steps):
        error = Y - (w * X + b)
        w += rate * 2 * (X * error).mean()
        b += rate * 2 * error.mean()
    return float(w), float(b)


def by_tape(steps, rate):
    """The same, with gradients from the tape and an optimizer for the steps."""
    w, b = minidl.Variable(0.0, name="w"), minidl.Variable(0.0, name="b")
    optimizer = minidl.optimizers.SGD(rate)
    losses = []
    for _ in range(steps):
        with minidl.GradientTape() as tape:
            loss = ops.mean(ops.square(Y - (w * X + b)))
        optimizer.apply_gradients(zip(tape.gradient(loss, [w, b]), [w, b], strict=True))
        losses.append(float(loss))
    return float(w.numpy()), float(b.numpy()), losses


def as_in_the_text(steps, rate):
    """The gradient of the text, word by word."""
    w, b = np.zeros(5), np.zeros(5)
    for _ in range(steps):
        error = Y - (w * X + b)
        w -= rate * (-2 / X.sum() * X * error)
        b -= rate * (-2 * error)
    return w, b


def main(steps=3000, rate=0.02):
    """Fit the line in three ways and tell how far each is from the least-squares answer."""
    slope, intercept = np.polyfit(X, Y, 1)
    hand = by_hand(steps, rate)
    w, b, losses = by_tape(steps, rate)
    text_w, text_b = as_in_the_text(steps, rate)
    figures = {
        "least squares": (float(slope), float(intercept)),
        "by hand": hand,
        "by tape": (w, b),
        "loss first": losses[0],
        "loss last": losses[-1],
        "lines in the text's answer": len({round(float(v), 3) for v in text_w}),
        "text's w": [round(float(v), 3) for v in text_w],
        "text's b": [round(float(v), 3) for v in text_b],
    }
    for name, value in figures.items():
        print(f"{name:28} {value}")
    return figures


if __name__ == "__main__":
    main()
