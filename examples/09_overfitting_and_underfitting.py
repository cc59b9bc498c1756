"""Item 9: a net that learns wrong labels by heart, one that is too small, and six remedies.

300 images, a fifth of them with a wrong label. The gap between training and validation tells
over- from underfitting. L1, L2, dropout, a smaller net, more images by augmentation and early
stopping narrow it; cross-validation, as the text does not quite say, cures nothing: it measures,
with every image in the validation set once.

    python examples/09_overfitting_and_underfitting.py [picture.png]
"""

import minidl
import numpy as np
from _common import classifier, draw, load, picture_from_command_line, report
from minidl import callbacks, layers, regularizers


def dense(units=256, penalty=None, dropout=0.0, shape=(8, 8, 1), first=()):
    """Two hidden layers."""
    inner = [*first, layers.Flatten()]
    for _ in range(2):
        inner.append(layers.Dense(units, "relu", kernel_regularizer=penalty))
        inner += [layers.Dropout(dropout)] if dropout else []
    return classifier(*inner, shape=shape)


def curves_of(model, few, held_out, epochs, calls=()):
    """Accuracy on both sets, by epoch, and how many epochs were trained."""
    history = model.fit(*few, epochs=epochs, batch_size=16, verbose=0, validation_data=held_out,
                        callbacks=list(calls)).history  # fmt: skip
    return history["accuracy"], history["val_accuracy"], history["val_loss"]


def cross_validated(x, y, folds=5, epochs=15):
    """The validation accuracy of each fold."""
    order = minidl.random.permutation(len(x))
    scores = []
    for part in np.array_split(order, folds):
        rest = np.setdiff1d(order, part)
        model = dense(units=64, shape=x.shape[1:])
        model.fit(x[rest], y[rest], epochs=epochs, batch_size=16, verbose=0)
        scores.append(model.evaluate(x[part], y[part], verbose=0, return_dict=True)["accuracy"])
    return scores


def main(picture=None, epochs=50):
    (x, y), (x_test, y_test) = load("digits")
    labels = y[:300].copy()
    labels[::5] = (labels[::5] + 1 + np.arange(60) % 9) % 10  # every fifth is wrong
    few, held_out = (x[:300], labels), (x_test, y_test)
    stop = callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
    moves = (layers.RandomTranslation(0.1, 0.1, "constant", "nearest"),)
    tries = {
        "large net": ({}, ()),
        "too small (1 unit)": ({"units": 1}, ()),
        "L1": ({"penalty": regularizers.L1(5e-3)}, ()),
        "L2": ({"penalty": regularizers.L2(3e-2)}, ()),
        "dropout": ({"dropout": 0.5}, ()),
        "smaller net": ({"units": 12}, ()),
        "augmentation": ({"first": moves}, ()),
        "early stopping": ({}, (stop,)),
    }
    figures, panels = {}, {}
    for name, (kwargs, calls) in tries.items():
        minidl.set_random_seed(1)
        train, held, losses = curves_of(dense(**kwargs), few, held_out, epochs, calls)
        figures[f"training: {name}"] = train[-1]
        figures[f"validation: {name}"] = held[-1]
        figures[f"epochs: {name}"] = len(train)
        panels[name] = {"training": (range(len(train)), train), "validation": (
            range(len(held)), held)}  # fmt: skip
        if name in ("large net", "L2"):
            figures[f"rise of the validation loss: {name}"] = losses[-1] - min(losses)
    minidl.set_random_seed(1)
    scores = cross_validated(*few)
    figures["cross-validation: mean"] = float(np.mean(scores))
    figures["cross-validation: deviation"] = float(np.std(scores))
    if picture:
        draw(picture, panels, columns=4)
    return report(figures)


if __name__ == "__main__":
    main(picture_from_command_line())
