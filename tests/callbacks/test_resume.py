"""A run that was stopped and taken up again equals the one that ran through, to the bit."""

import os

import minidl
import numpy as np
import pytest
from minidl import callbacks, layers

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 6)).astype(np.float32)
Y = RNG.integers(0, 3, 50)
EPOCHS, BATCH = 4, 8  # 7 batches an epoch, the last one short
BATCHES = 7


class Stop(Exception):
    pass


class StopAt(callbacks.Callback):
    """Ends the run by an error after so many batches, as a crash would."""

    def __init__(self, batches, at_epoch_end=False):
        super().__init__()
        self.left = batches
        self.at_epoch_end = at_epoch_end

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0 and not self.at_epoch_end:
            raise Stop

    def on_epoch_end(self, epoch, logs=None):
        if self.left == 0:
            raise Stop


def _model(name="Adam", seed=1, **options):
    """As a new process makes it: other random numbers before and after."""
    minidl.set_random_seed(seed)
    model = minidl.Sequential(
        [
            minidl.Input((6,)),
            layers.Dense(12, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.GaussianNoise(0.1, seed=3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    optimizer = getattr(minidl.optimizers, name)(0.02, **options)
    kinds = ["accuracy", minidl.metrics.SparseTopKCategoricalAccuracy(k=2, name="top")]
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=kinds)
    return model


def _fit(model, extra=(), **options):
    return model.fit(
        X, Y, epochs=EPOCHS, batch_size=BATCH, verbose=0, callbacks=list(extra),
        validation_split=0.0, **options
    )  # fmt: skip


def _state(model):
    values = [v.numpy() for v in (*model.weights, *model.optimizer.variables)]
    return values, minidl.random._global.state


def _run_through(**options):
    model = _model(**options)
    minidl.set_random_seed(7)
    history = _fit(model)
    return _state(model), history.history


def _same(first, second):
    assert all(np.array_equal(a, b) for a, b in zip(first[0], second[0], strict=True))
    assert first[1] == second[1]


@pytest.fixture(scope="module")
def through():
    return _run_through()


@pytest.mark.parametrize("cut", range(1, EPOCHS * BATCHES))
def test_stopped_after_any_batch(cut, through, tmp_path):
    backup = callbacks.BackupAndRestore(tmp_path / "b", save_freq=1)
    model = _model()
    minidl.set_random_seed(7)
    with pytest.raises(Stop):
        _fit(model, [backup, StopAt(cut)])
    again = _model(seed=99)  # a new process: other weights, other random numbers
    history = _fit(again, [callbacks.BackupAndRestore(tmp_path / "b", save_freq=1)])
    _same(_state(again), through[0])
    missed = cut // BATCHES if cut % BATCHES else cut // BATCHES - 1
    assert history.epoch == list(range(missed, EPOCHS))
    for name, values in history.history.items():
        assert values == through[1][name][missed:], name
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("save_freq", ["epoch", 1, 3, 5])
@pytest.mark.parametrize("cut", [4, 7, 10, 14, 20])
def test_other_frequencies(save_freq, cut, through, tmp_path):
    model = _model()
    minidl.set_random_seed(7)
    stop = StopAt(cut, at_epoch_end=cut % BATCHES == 0)
    with pytest.raises(Stop):
        _fit(model, [callbacks.BackupAndRestore(tmp_path / "b", save_freq), stop])
    if cut < (BATCHES if save_freq == "epoch" else save_freq):
        assert not (tmp_path / "b").exists()  # nothing to go on from: begin again
        return
    again = _model(seed=99)
    _fit(again, [callbacks.BackupAndRestore(tmp_path / "b", save_freq)])
    _same(_state(again), through[0])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"momentum": 0.9}),
        ("Nadam", {}),
        ("Adam", {"use_ema": True, "ema_overwrite_frequency": 3}),
        ("RMSprop", {"gradient_accumulation_steps": 3}),
        ("Ftrl", {}),
    ],
)
@pytest.mark.parametrize("cut", [5, 13])
def test_other_optimizers(name, options, cut, tmp_path):
    wanted, _ = _run_through(name=name, **options)
    model = _model(name, **options)
    minidl.set_random_seed(7)
    with pytest.raises(Stop):
        _fit(model, [callbacks.BackupAndRestore(tmp_path, 1), StopAt(cut)])
    again = _model(name, seed=99, **options)
    _fit(again, [callbacks.BackupAndRestore(tmp_path, 1, delete_checkpoint=False)])
    _same(_state(again), wanted)
    assert os.listdir(tmp_path) == ["latest.npz"]


@pytest.mark.parametrize("save_freq", ["epoch", 1])
@pytest.mark.parametrize("cut", [8, 14, 17, 26])
def test_shuffled_datasets(save_freq, cut, tmp_path):
    """Batches that are shuffled and changed at random anew each epoch, in validation too."""

    def fit(model, extra=()):
        def noisy(x, y):
            return x + 0.1 * minidl.random.normal(x.shape).astype(x.dtype), y

        whole = minidl.data.Dataset.from_tensor_slices((X, Y))
        data = whole.shuffle(50).map(noisy).batch(BATCH)
        held_out = whole.shuffle(50).take(16).map(noisy).batch(BATCH)
        model.fit(data, validation_data=held_out, epochs=EPOCHS, verbose=0, callbacks=list(extra))

    whole = _model()
    minidl.set_random_seed(7)
    fit(whole)
    model = _model()
    minidl.set_random_seed(7)
    stop = StopAt(cut, at_epoch_end=cut % BATCHES == 0)
    with pytest.raises(Stop):
        fit(model, [callbacks.BackupAndRestore(tmp_path / "b", save_freq), stop])
    again = _model(seed=99)
    fit(again, [callbacks.BackupAndRestore(tmp_path / "b", save_freq)])
    _same(_state(again), _state(whole))


def test_metrics_that_are_built_late(tmp_path):
    def model(seed):
        minidl.set_random_seed(seed)
        m = minidl.Sequential([minidl.Input((6,)), layers.Dense(3, activation="softmax")])
        kinds = [minidl.metrics.F1Score(name="f1"), minidl.metrics.AUC(multi_label=True, name="a"),
                 minidl.metrics.R2Score(name="r2"), minidl.metrics.Precision(name="p")]  # fmt: skip
        m.compile("adam", "categorical_crossentropy", metrics=kinds)
        return m

    y = np.eye(3)[Y]

    def fit(m, extra=()):
        return m.fit(X, y, batch_size=8, verbose=0, epochs=1, callbacks=list(extra)).history

    whole = model(1)
    minidl.set_random_seed(7)
    wanted = fit(whole)
    stopped = model(1)
    minidl.set_random_seed(7)
    with pytest.raises(Stop):
        fit(stopped, [callbacks.BackupAndRestore(tmp_path, 1), StopAt(4)])
    got = fit(model(5), [callbacks.BackupAndRestore(tmp_path, 1)])
    for name, values in wanted.items():
        np.testing.assert_array_equal(got[name], values)


def test_damaged_and_foreign_states(tmp_path):
    path = tmp_path / "latest.npz"

    def stopped(double):
        model = _model()
        backup = callbacks.BackupAndRestore(tmp_path, 2, double_checkpoint=double)
        with pytest.raises(Stop):
            _fit(model, [backup, StopAt(9)])

    stopped(False)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"PK\x03\x04nonsense"):
        path.write_bytes(broken)
        fresh = _model(seed=5)
        before = fresh.get_weights()
        with pytest.raises(OSError, match="cannot be restored"):
            _fit(fresh, [callbacks.BackupAndRestore(tmp_path)])
        for a, b in zip(before, fresh.get_weights(), strict=True):
            assert np.array_equal(a, b)
    path.write_bytes(whole)
    other = minidl.Sequential([minidl.Input((6,)), layers.Dense(3, activation="softmax")])
    other.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(OSError, match="the model has"):
        _fit(other, [callbacks.BackupAndRestore(tmp_path)])

    path.unlink()
    stopped(True)
    assert sorted(os.listdir(tmp_path)) == ["latest.npz", "previous.npz"]
    path.write_bytes(b"torn")
    with pytest.warns(UserWarning, match="state before it"):
        assert len(_fit(_model(), [callbacks.BackupAndRestore(tmp_path)]).epoch) == 4


def test_bad_arguments():
    with pytest.raises(ValueError, match="backup_dir"):
        callbacks.BackupAndRestore("")
    for wrong in ("batch", 0, 1.5, True):
        with pytest.raises(ValueError, match="save_freq"):
            callbacks.BackupAndRestore("x", save_freq=wrong)
