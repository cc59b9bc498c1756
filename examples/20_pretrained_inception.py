"""Item 20: a pretrained InceptionV3 as a fixed finder of features, with a new head.

The text feeds 28x28 grey images to a net for 299x299 colour ones. Here they are brought to its size
and range first. With `--weights imagenet` the base is Keras's; without, it has random weights that
come out of a file, and what is shown is the way it is done: the base does not change by a bit, the
head learns.

    python examples/20_pretrained_inception.py [--weights imagenet]
"""

import argparse

import minidl
from _common import report
from _transfer import digits, unchanged, weights_for, with_head
from minidl.applications import InceptionV3
from minidl.applications.inception_v3 import preprocess_input

SETTINGS = {"include_top": False, "input_shape": (75, 75, 3), "pooling": "avg"}


def main(weights=None, epochs=10):
    """Train the head on digits."""
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = digits(75, 300, 150)
    path = weights_for(InceptionV3, weights, **SETTINGS)
    base = InceptionV3(weights=path, **SETTINGS)
    # A frozen base gives an image the same features every time: they are computed once.
    features, test_features = (
        base.predict(preprocess_input(a), batch_size=50, verbose=0) for a in (x, x_test)
    )
    before = base.get_weights()
    model = with_head(base, preprocess_input(x))
    head = minidl.Sequential([minidl.Input((2048,)), *model.layers[1:]])
    head.compile(
        minidl.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    history = head.fit(features, y, batch_size=50, epochs=epochs, verbose=0).history["loss"]
    whole = model.predict(preprocess_input(x_test[:20]), verbose=0)
    return report(
        {
            "layers of the base": len(base.layers),
            "weights that train": sum(w.numpy().size for w in model.trainable_variables),
            "weights of the base": base.count_params(),
            "base unchanged to the bit": unchanged(before, base),
            "first loss": history[0],
            "last loss": history[-1],
            "accuracy on held-out digits": head.evaluate(test_features, y_test, verbose=0)[1],
            "whole model agrees with its parts": bool(
                abs(whole - head.predict(test_features[:20], verbose=0)).max() < 1e-4
            ),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", help="imagenet, or a file")
    main(**vars(parser.parse_args()))
