"""Callbacks that act on training, side by side with Keras's on one model and data."""

import minidl
import numpy as np
import pytest

from tests.keras_peer import keras, peer_weights

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 3)).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3 * RNG.standard_normal((40, 1))).astype(np.float32)


def _train(module, weights, make, rate=0.3, epochs=12, **options):
    model = module.Sequential([module.layers.Input((3,)), module.layers.Dense(1)])
    if weights is not None:
        model.set_weights(weights)
    start = [w.copy() for w in peer_weights(model)] if weights is None else weights
    model.compile(module.optimizers.SGD(rate, **options), "mse", metrics=["mae"])
    history = model.fit(
        X, Y, epochs=epochs, batch_size=10, shuffle=False, validation_split=0.25, verbose=0,
        callbacks=[make(module.callbacks)],
    )  # fmt: skip
    return history.history, start, model


CASES = {
    "plateau": lambda c: c.ReduceLROnPlateau(patience=2, factor=0.5, cooldown=1, min_delta=0.01),
    "plateau_floor": lambda c: c.ReduceLROnPlateau(patience=1, min_lr=0.02, min_delta=0.1),
    "plateau_max": lambda c: c.ReduceLROnPlateau("val_mae", patience=3, mode="max"),
    "scheduler": lambda c: c.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
    "scheduler_of_epochs": lambda c: c.LearningRateScheduler(lambda epoch: 0.3 / (1 + epoch)),
    "stopping": lambda c: c.EarlyStopping(patience=2, min_delta=0.02, restore_best_weights=True),
    "stopping_baseline": lambda c: c.EarlyStopping(patience=3, baseline=0.01),
    "stopping_later": lambda c: c.EarlyStopping(patience=1, min_delta=1.0, start_from_epoch=5),
}


@pytest.mark.parametrize("name", CASES)
def test_same_history_and_weights(name):
    wanted, start, peer = _train(keras(), None, CASES[name])
    got, _, ours = _train(minidl, start, CASES[name])
    assert set(got) == set(wanted)
    for key, values in wanted.items():
        assert got[key] == pytest.approx([float(v) for v in values], rel=1e-3, abs=1e-5), key
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_swapped_averages(swap_on_epoch):
    options = {"use_ema": True, "ema_momentum": 0.8}

    def make(c):
        return c.SwapEMAWeights(swap_on_epoch)

    wanted, start, peer = _train(keras(), None, make, rate=0.05, epochs=4, **options)
    got, _, ours = _train(minidl, start, make, rate=0.05, epochs=4, **options)
    for key, values in wanted.items():
        assert got[key] == pytest.approx([float(v) for v in values], rel=1e-3), key
    for a, b in zip(ours.get_weights(), peer_weights(peer), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_tables_are_equal(tmp_path):
    weights = None
    for module, name in ((keras(), "theirs.csv"), (minidl, "ours.csv")):
        path = tmp_path / name
        _, weights, _ = _train(module, weights, lambda c, p=path: c.CSVLogger(str(p)), epochs=2)
        _train(module, weights, lambda c, p=path: c.CSVLogger(str(p), append=True), epochs=1)
    theirs, ours = (
        [line.split(",") for line in (tmp_path / n).read_text().splitlines()]
        for n in ("theirs.csv", "ours.csv")
    )
    assert ours[0] == theirs[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert len(ours) == len(theirs) == 4
    numbers = [np.array(table[1:], np.float64) for table in (ours, theirs)]
    np.testing.assert_allclose(*numbers, rtol=1e-3)


@pytest.mark.parametrize("only", ["all", "best", "max"])
def test_checkpoints_of_the_same_epochs(only, tmp_path):
    pytest.importorskip("h5py")
    options = {
        "all": {},
        "best": {"save_best_only": True},
        "max": {"monitor": "mae", "mode": "max"},
    }
    weights, found = None, []
    for module, folder in ((keras(), "theirs"), (minidl, "ours")):
        (tmp_path / folder).mkdir()
        path = str(tmp_path / folder / "{epoch:02d}_{val_loss:.2f}.weights.h5")

        def make(c, p=path):
            return c.ModelCheckpoint(
                p, save_weights_only=True, **{"save_best_only": only == "max", **options[only]}
            )

        _, weights, _ = _train(module, weights, make, rate=0.1, epochs=6)
        found.append(sorted(p.name for p in (tmp_path / folder).iterdir()))
    assert found[0] == found[1] and found[0]


def test_stops_where_the_loss_is_no_number():
    weights, lengths = None, []
    for module in (keras(), minidl):
        with np.errstate(all="ignore"):
            history, weights, _ = _train(
                module, weights, lambda c: c.TerminateOnNaN(), rate=1e4, epochs=12
            )
        lengths.append(len(history["loss"]))
    assert lengths[0] == lengths[1] < 12


def test_hooks_come_in_the_same_order():
    hooks = ("train_begin", "train_end", "epoch_begin", "epoch_end")
    hooks += ("train_batch_begin", "train_batch_end")
    weights, seen = None, []
    for module in (keras(), minidl):
        calls = []

        def make(c, calls=calls):
            def note(hook):
                if hook in hooks[:2]:
                    return lambda logs: calls.append((hook, sorted(logs or {})))
                return lambda number, logs: calls.append((hook, number, sorted(logs or {})))

            return c.LambdaCallback(**{f"on_{hook}": note(hook) for hook in hooks})

        _, weights, _ = _train(module, weights, make, epochs=2)
        seen.append(calls)
    assert seen[0] == seen[1] and len(seen[0]) == 2 + 2 * (2 + 2 * 3)
