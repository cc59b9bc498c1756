"""Item 33: mean squared error, cross-entropy and binary cross-entropy, and their extremes.

    mse = mean((y - p)^2)      cross-entropy = -sum over classes of y log p, mean over samples
    binary cross-entropy = -mean(y log p + (1 - y) log(1 - p))

The text this follows takes the mean over samples *and classes* for the cross-entropy: ten classes
make it a tenth of what it is. Its log(p + 1e-7) is wrong where p underflows: from the logits the
loss stays exact. And its model is trained with the squared error between class numbers, shape
(batch,), and ten outputs, shape (batch, 10): these do not fit, and minidl says so.

    python examples/33_losses.py
"""

import minidl
import numpy as np
from minidl import layers, losses


def main():
    """Compare with the formulas, at ordinary and at extreme values."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 32)
    y = np.eye(10)[labels]
    logits = rng.standard_normal((32, 10))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    cross_entropy = -(y * np.log(p)).sum(1).mean()
    yes, q = rng.integers(0, 2, (32, 1)), rng.uniform(0.01, 0.99, (32, 1))
    figures = {
        "mse differs by": abs(
            float(losses.MeanSquaredError()(logits, p)) - ((logits - p) ** 2).mean()
        ),
        "cross-entropy differs by": abs(
            float(losses.CategoricalCrossentropy()(y, p)) - cross_entropy
        ),
        "from class numbers differs by": abs(
            float(losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits))
            - cross_entropy
        ),
        "binary differs by": abs(
            float(losses.BinaryCrossentropy()(yes, q))
            + (yes * np.log(q) + (1 - yes) * np.log(1 - q)).mean()
        ),
        "text's cross-entropy over the real one": float(
            -(y * np.log(p + 1e-7)).mean() / cross_entropy
        ),
    }

    # sure and wrong: the right class has probability exp(-200), which is 0 in float32
    sure, right = np.array([[200.0, 0.0]], np.float32), np.array([[0.0, 1.0]])
    with minidl.GradientTape() as tape:
        z = minidl.Variable(sure)
        from_logits = losses.CategoricalCrossentropy(from_logits=True)(right, z)
    figures["exact at the extreme"] = float(from_logits)
    figures["gradient there"] = tape.gradient(from_logits, z).numpy().tolist()
    clipped = np.exp(sure - 200) / np.exp(sure - 200).sum()
    figures["text's at the extreme"] = float(-np.log(clipped[0, 1] + 1e-7))

    # class numbers against ten outputs
    model = minidl.Sequential([layers.Dense(10, activation="softmax")])
    model.compile("adam", "mse")
    try:
        model.fit(logits, labels, verbose=0)
        figures["what minidl says"] = "nothing"
    except ValueError as error:
        figures["what minidl says"] = str(error)
    for name, value in figures.items():
        print(f"{name:40} {value}")
    return figures


if __name__ == "__main__":
    main()
