"""Item 36: the same net with one activation after another.

For a shallow net the choice matters little; six hidden layers of sigmoids learn far more slowly.

    python examples/36_activations_in_training.py [picture.png]
"""

import minidl
from _common import accuracy, classifier, draw, load, picture_from_command_line, report
from minidl import layers

NAMES = ("relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid")


def main(data=None, picture=None, epochs=8):
    (x, y), (x_test, y_test) = load(data)
    figures, curves = {}, {}
    for depth in (1, 6):
        for name in NAMES:
            minidl.set_random_seed(0)
            hidden = [layers.Dense(64, activation=name) for _ in range(depth)]
            model = classifier(layers.Flatten(), *hidden, shape=x.shape[1:], learning_rate=2e-3)
            losses = model.fit(x, y, epochs=epochs, batch_size=32, verbose=0).history["loss"]
            figures[f"accuracy: {depth} layers, {name}"] = accuracy(model, x_test, y_test)
            curves.setdefault(f"loss, {depth} hidden layers", {})[name] = (
                range(1, epochs + 1), losses)  # fmt: skip
    if picture:
        draw(picture, curves)
    return report(figures)


if __name__ == "__main__":
    main(picture=picture_from_command_line())
