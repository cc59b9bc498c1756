"""Item 6: why the first weights matter: variance of activations and gradients over depth.

Thirty layers of 256 units, one batch, no training. A ReLU layer keeps the variance where weights
have variance 2 / n (He), a tanh layer where they have about 1 / n (Glorot, LeCun). Zeros give
nothing at all: every unit is the same and stays so. The text this follows calls 1 / sqrt(n) the
*variance* of the Gaussian initialiser: it is the standard deviation; with that as the variance
activations explode, as is shown.

    python examples/06_initializers.py
"""

import minidl
import numpy as np
from minidl import initializers, layers, ops

UNITS, DEPTH = 256, 30
KINDS = {
    "zeros": initializers.Zeros(),
    "gaussian, deviation 0.01": initializers.RandomNormal(stddev=0.01, seed=1),
    "gaussian, deviation 1/sqrt(n)": initializers.RandomNormal(stddev=UNITS**-0.5, seed=1),
    "gaussian, variance 1/sqrt(n)": initializers.RandomNormal(stddev=UNITS**-0.25, seed=1),
    "Glorot": initializers.GlorotNormal(seed=1),
    "He": initializers.HeNormal(seed=1),
}


def measure(initializer, activation):
    """Mean square of each layer's output, and of the gradient with respect to each kernel."""
    seeds = minidl.random.SeedGenerator(5)
    stack = []
    for _ in range(DEPTH):
        config = initializer.get_config()
        if "seed" in config:
            config["seed"] = seeds.next() % 2**31
        kernel = type(initializer).from_config(config)
        stack.append(layers.Dense(UNITS, activation, kernel_initializer=kernel))
    x = np.random.default_rng(0).standard_normal((64, UNITS)).astype(np.float32)
    outputs = []
    with np.errstate(over="ignore", invalid="ignore"), minidl.GradientTape() as tape:
        y = x
        for layer in stack:
            y = layer(y)
            outputs.append(float(np.square(y.numpy().astype(np.float64)).mean()))
        loss = ops.mean(ops.square(y))
    gradients = tape.gradient(loss, [layer.kernel for layer in stack])
    return outputs, [float(np.square(g.numpy().astype(np.float64)).mean()) for g in gradients]


def main():
    """Measure all initialisers under ReLU and tanh."""
    figures = {}
    for activation in ("relu", "tanh"):
        print(
            f"{activation}: mean square of the outputs of layers 1, 10, 30; of the first gradient"
        )
        for name, initializer in KINDS.items():
            outputs, gradients = measure(initializer, activation)
            figures[f"{activation} {name}"] = {"outputs": outputs, "gradients": gradients}
            row = "  ".join(f"{outputs[i]:9.2e}" for i in (0, 9, 29))
            print(f"  {name:30} {row}   {gradients[0]:9.2e}")
    return figures


if __name__ == "__main__":
    main()
