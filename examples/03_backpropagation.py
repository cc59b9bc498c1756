"""Item 3: backpropagation through a net of two sigmoid layers, written out and by the tape.

Forward: a1 = s(X w1 + b1), a2 = s(a1 w2 + b2). With L = sum((a2 - y)^2) / 2, backwards:

    d2 = (a2 - y) a2 (1 - a2)          dw2 = a1^T d2    db2 = sum(d2)
    d1 = (d2 w2^T) a1 (1 - a1)         dw1 = X^T d1     db1 = sum(d1), one number a unit

The text this follows takes y - a2 and still subtracts, so that its loss rises, and gives all four
hidden units one bias. Both are shown.

    python examples/03_backpropagation.py
"""

import minidl
import numpy as np
from minidl import ops

X = np.array([[0], [1], [2], [3], [4]], np.float64)
Y = np.array([[0], [1], [1], [0], [1]], np.float64)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(weights):
    w1, b1, w2, b2 = weights
    a1 = sigmoid(X @ w1 + b1)
    return a1, sigmoid(a1 @ w2 + b2)


def loss_of(weights):
    return float(((forward(weights)[1] - Y) ** 2).sum() / 2)


def backward(weights):
    """The gradients, written out."""
    _, _, w2, _ = weights
    a1, a2 = forward(weights)
    d2 = (a2 - Y) * a2 * (1 - a2)
    d1 = d2 @ w2.T * a1 * (1 - a1)
    return [X.T @ d1, d1.sum(0, keepdims=True), a1.T @ d2, d2.sum(0, keepdims=True)]


def by_tape(weights):
    """The same from the tape."""
    w1, b1, w2, b2 = variables = [minidl.Variable(w, dtype="float64") for w in weights]
    with minidl.GradientTape() as tape:
        a1 = ops.sigmoid(ops.matmul(X, w1) + b1)
        a2 = ops.sigmoid(ops.matmul(a1, w2) + b2)
        loss = ops.sum(ops.square(a2 - Y)) / 2.0
    return [g.numpy() for g in tape.gradient(loss, variables)]


def descend(weights, steps, rate, sign=-1.0, hidden_biases=4):
    """Gradient descent; a sign of +1 is the text's, one hidden bias too."""
    weights = [w.copy() for w in weights]
    weights[1] = weights[1][:, :hidden_biases]
    for _ in range(steps):
        gradients = backward(weights)
        if hidden_biases == 1:
            gradients[1] = gradients[1].sum(keepdims=True)
        for w, g in zip(weights, gradients, strict=True):
            w += sign * rate * g
    return loss_of(weights)


def main(steps=10_000, rate=1.0, seed=0):
    """Compare the gradients, then train in three ways."""
    rng = np.random.default_rng(seed)
    shapes = [(1, 4), (1, 4), (4, 1), (1, 1)]
    weights = [rng.uniform(-1, 1, s) for s in shapes]
    pairs = list(zip(backward(weights), by_tape(weights), strict=True))
    figures = {
        "gradients differ by": max(float(np.abs(a - b).max()) for a, b in pairs),
        "loss at first": loss_of(weights),
        "loss": descend(weights, steps, rate),
        "loss with one hidden bias": descend(weights, steps, rate, hidden_biases=1),
        "loss with the text's sign": descend(weights, 100, rate, sign=1.0),
    }
    for name, value in figures.items():
        print(f"{name:28} {value:.6g}")
    return figures


if __name__ == "__main__":
    main()
