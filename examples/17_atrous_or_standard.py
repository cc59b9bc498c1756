"""Item 17: atrous and standard convolution compared.

The text's table says that the atrous one has fewer parameters and costs less. With equal kernels
both are equal: a 3x3 kernel has nine weights a pair of channels, however far apart they are
applied, and multiplies as often. What is larger is the receptive field. The table holds only
against a standard convolution with the *same receptive field*, which needs a larger kernel.

    python examples/17_atrous_or_standard.py
"""

import numpy as np
from _common import milliseconds, report
from minidl import layers

CHANNELS = 64


def measured(size, rate):
    """Weights, multiplications a pixel, width seen and time of a layer."""
    layer = layers.AtrousConv2D(CHANNELS, size, rate=rate, padding="same")
    x = np.random.default_rng(0).standard_normal((2, 56, 56, CHANNELS)).astype(np.float32)
    layer(x)
    return {
        "parameters": layer.count_params(),
        "multiplications a pixel": int(np.prod(layer.kernel.shape)),
        "receptive field": (size - 1) * rate + 1,
        "milliseconds": milliseconds(lambda: layer(x)),
    }


def main():
    kinds = {
        "standard 3x3": measured(3, 1),
        "atrous 3x3, rate 2": measured(3, 2),
        "standard 5x5": measured(5, 1),
    }
    figures = {f"{kind}: {name}": v for kind, row in kinds.items() for name, v in row.items()}
    return report(figures)


if __name__ == "__main__":
    main()
