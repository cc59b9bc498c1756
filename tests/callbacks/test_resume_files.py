"""Training goes on from a whole model in a file as if it had never stopped, to the bit."""

import minidl
import numpy as np
import pytest
from minidl import callbacks, layers

pytest.importorskip("h5py")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 6)).astype(np.float32)
Y = RNG.integers(0, 3, 20)
EPOCHS = 51


def _model(optimizer):
    model = minidl.Sequential(
        [
            minidl.Input((6,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _fit(model, first, last, *extra):
    """Each epoch draws its order from a seed of its own: files hold no random state, as Keras's."""
    seeds = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: minidl.set_random_seed(epoch)
    )
    return model.fit(
        X,
        Y,
        initial_epoch=first,
        epochs=last,
        batch_size=8,
        verbose=0,
        callbacks=[seeds, *extra],
    )


def _values(model):
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: minidl.optimizers.Adam(0.01, amsgrad=True, global_clipnorm=1.0),
        lambda: minidl.optimizers.SGD(
            minidl.optimizers.schedules.CosineDecay(0.1, 150), momentum=0.9
        ),
    ],
    ids=["Adam", "SGD"],
)
def test_fifty_checkpoints(optimizer, tmp_path):
    """From each of fifty checkpoints one epoch leads to the next one: so any of them to the end."""
    minidl.set_random_seed(1)
    kept = {}
    model = _model(optimizer())
    keep = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.update({epoch + 1: (_values(model), dict(logs))})
    )
    _fit(model, 0, EPOCHS, keep, callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"))
    assert sorted(kept) == list(range(1, EPOCHS + 1))
    for epoch in range(1, EPOCHS):
        again = minidl.saving.load_model(tmp_path / f"{epoch}.keras")
        for a, b in zip(_values(again), kept[epoch][0], strict=True):
            np.testing.assert_array_equal(a, b)
        history = _fit(again, epoch, epoch + 1).history
        for a, b in zip(_values(again), kept[epoch + 1][0], strict=True):
            np.testing.assert_array_equal(a, b)
        assert {name: v[0] for name, v in history.items()} == kept[epoch + 1][1]
