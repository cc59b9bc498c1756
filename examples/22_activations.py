"""Item 22: the activation functions, their values and their slopes.

The text says that ReLU maps what is above 0 to 1; it passes it through. The slopes are the
tape's, and agree with differences of the values.

    python examples/22_activations.py [picture.png]
"""

import minidl
import numpy as np
from _common import draw, picture_from_command_line, report

NAMES = (
    *("relu", "leaky_relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "mish"),
    *("sigmoid", "hard_sigmoid", "log_sigmoid", "tanh", "hard_tanh", "tanh_shrink"),
    *("softplus", "softsign", "soft_shrink", "hard_shrink", "squareplus", "exponential", "linear"),
)


def values_and_slopes(name, x):
    """An activation at `x`, and its derivative by the tape."""
    function = minidl.activations.get(name)
    point = minidl.Variable(x)
    with minidl.GradientTape() as tape:
        y = function(point * 1.0)  # linear hands on what it gets
    slope = tape.gradient(y, point)
    return y.numpy(), np.zeros_like(x) if slope is None else slope.numpy()


def main(picture=None):
    x = np.linspace(-4, 4, 400) + 1e-3  # no point lies on a corner
    figures, panels = {}, {}
    step = 1e-6
    for name in NAMES:
        y, slope = values_and_slopes(name, x)
        above, _ = values_and_slopes(name, x + step)
        below, _ = values_and_slopes(name, x - step)
        figures[f"{name}: slope's error"] = float(
            np.abs(slope - (above - below) / (2 * step)).max()
        )
        panels[name] = {"value": (x, y), "slope": (x, slope)}
    at = np.array([-2.0, 3.0])
    figures["relu at -2 and 3"] = values_and_slopes("relu", at)[0].tolist()
    figures["sigmoid's range"] = [float(v) for v in values_and_slopes("sigmoid", 9 * at)[0]]
    figures["tanh's range"] = [float(v) for v in values_and_slopes("tanh", 9 * at)[0]]
    if picture:
        draw(picture, panels, columns=4)
    return report(figures)


if __name__ == "__main__":
    main(picture_from_command_line())
