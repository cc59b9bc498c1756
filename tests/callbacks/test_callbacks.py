"""Callbacks by themselves: what they write, when, and what they refuse."""

import os
import sys

import minidl
import numpy as np
import pytest
from minidl import callbacks

X = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
Y = X[:, :1] * 2


def _model(rate=0.05, **options):
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(1)])
    model.compile(minidl.optimizers.SGD(rate, **options), "mse", metrics=["mae"])
    return model


def _fit(*extra, model=None, epochs=3, **options):
    model = model or _model()
    return model.fit(
        X, Y, epochs=epochs, batch_size=10, validation_split=0.25, verbose=0,
        callbacks=list(extra), **options,
    )  # fmt: skip


def test_checkpoints_of_every_epoch(tmp_path, capsys):
    path = tmp_path / "new" / "m_{epoch:02d}_{val_loss:.3f}.npz"
    model = _model()
    history = _fit(
        callbacks.ModelCheckpoint(path, save_weights_only=True, verbose=1), model=model
    ).history
    names = sorted(os.listdir(tmp_path / "new"))
    assert names == [f"m_{i + 1:02d}_{v:.3f}.npz" for i, v in enumerate(history["val_loss"])]
    assert "Epoch 2: saved to" in capsys.readouterr().out
    other = _model()
    other.load_weights(tmp_path / "new" / names[-1])
    for a, b in zip(other.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_checkpoint_of_the_best(tmp_path, capsys):
    path = tmp_path / "best.npz"
    best = callbacks.ModelCheckpoint(
        str(path), save_best_only=True, save_weights_only=True, verbose=1
    )
    model, kept = _model(0.9), []
    watch = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append((logs["val_loss"], model.get_weights()))
    )
    _fit(best, watch, model=model, epochs=6)
    _, weights = min(kept, key=lambda pair: pair[0])
    other = _model()
    other.load_weights(path)
    for a, b in zip(other.get_weights(), weights, strict=True):
        assert np.array_equal(a, b)
    assert "did not improve" in capsys.readouterr().out
    path.unlink()
    strict = callbacks.ModelCheckpoint(
        path, save_best_only=True, save_weights_only=True, initial_value_threshold=-1.0
    )
    _fit(strict)
    assert not path.exists()


def test_checkpoints_after_batches(tmp_path):
    path = tmp_path / "{epoch}_{batch}.npz"
    _fit(callbacks.ModelCheckpoint(path, save_weights_only=True, save_freq=2))
    assert sorted(os.listdir(tmp_path)) == ["1_2.npz", "2_1.npz", "2_3.npz", "3_2.npz"]


def test_checkpoints_refuse(tmp_path):
    with pytest.raises(ValueError, match=r"save_freq.*batch"):
        callbacks.ModelCheckpoint("x.npz", save_freq="batch")
    with pytest.raises(KeyError, match="val_f1"):
        _fit(callbacks.ModelCheckpoint(tmp_path / "{val_f1}.npz", save_weights_only=True))
    with pytest.raises(ValueError, match="npz"):
        _fit(callbacks.ModelCheckpoint(tmp_path / "x.txt", save_weights_only=True))
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(OSError, match="folder"):
        _fit(callbacks.ModelCheckpoint(tmp_path / "folder.npz", save_weights_only=True))
    with pytest.warns(UserWarning, match="val_acc"):
        path = tmp_path / "x.npz"
        _fit(callbacks.ModelCheckpoint(path, "val_acc", 0, True, True))
    assert (tmp_path / "x.npz").exists()


def test_plateau(capsys):
    history = _fit(
        callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=1e9, verbose=1, min_lr=0.01),
        epochs=6,
    ).history
    assert history["learning_rate"] == pytest.approx([0.05, 0.05, 0.025, 0.0125, 0.01, 0.01])
    assert "sets the learning rate to 0.025" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"factor.*1.5"):
        callbacks.ReduceLROnPlateau(factor=1.5)
    with pytest.raises(ValueError, match="epsilon"):
        callbacks.ReduceLROnPlateau(epsilon=1e-3)
    with pytest.warns(UserWarning, match="val_auc"):
        _fit(callbacks.ReduceLROnPlateau("val_auc"), epochs=1)


def test_scheduler(capsys):
    history = _fit(callbacks.LearningRateScheduler(lambda e: 0.1 / (e + 1), verbose=1)).history
    assert history["learning_rate"] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert "Epoch 2: LearningRateScheduler sets the learning rate to 0.05." in (
        capsys.readouterr().out
    )
    with pytest.raises(ValueError, match=r"must return a float.*'fast'"):
        _fit(callbacks.LearningRateScheduler(lambda e, rate: "fast"))
    with pytest.raises(ValueError, match=r"schedule=0.1"):
        callbacks.LearningRateScheduler(0.1)
    schedule = minidl.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    with pytest.raises(TypeError, match="LearningRateSchedule"):
        _fit(callbacks.LearningRateScheduler(lambda e: 0.1), model=_model(schedule))


def test_table_of_many_numbers(tmp_path):
    minidl.set_random_seed(0)
    model = minidl.Sequential([minidl.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=[minidl.metrics.F1Score(name="f1")])
    y = np.eye(3)[X.argmax(1)]
    path = tmp_path / "t.csv"
    model.fit(X, y, verbose=0, epochs=2, callbacks=[callbacks.CSVLogger(path, separator=";")])
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch;f1;loss;val_f1;val_loss"
    assert lines[1].startswith("0;[") and lines[1].endswith(";NA;NA")


def test_swapped_averages_are_taken_out_again():
    model = _model(use_ema=True, ema_momentum=0.5)
    _fit(model=model, epochs=1)
    model.set_weights([w + 1 for w in model.get_weights()])
    before = model.get_weights()
    swap = callbacks.SwapEMAWeights()
    average = [v.numpy() for v in model.optimizer._slots["average"]]
    outputs = model.predict(X, verbose=0, callbacks=[swap])
    np.testing.assert_allclose(outputs, X @ average[0] + average[1], rtol=1e-5, atol=1e-6)
    model.evaluate(X, Y, verbose=0, callbacks=[swap])
    for a, b in zip(before, model.get_weights(), strict=True):
        assert np.array_equal(a, b)
    with pytest.raises(ValueError, match="use_ema=False"):
        _fit(callbacks.SwapEMAWeights())


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX", reason="needs tensorboardX")
    history = _fit(
        callbacks.TensorBoard(
            tmp_path, histogram_freq=1, update_freq=2, write_steps_per_second=True
        )
    ).history
    train, held_out = (_events(tmp_path / part) for part in ("train", "validation"))
    assert train["epoch_loss"] == pytest.approx(history["loss"])
    assert held_out["epoch_mae"] == pytest.approx(history["val_mae"])
    assert len(train["batch_loss"]) == 4
    assert len(held_out["evaluation_loss_vs_iterations"]) == 3
    assert train["epoch_learning_rate"] == pytest.approx([0.05] * 3)
    assert min(train["epoch_steps_per_second"]) > 0
    (tag,) = (t for t in train if t.endswith("kernel/histogram"))
    assert len(train[tag]) == 3
    assert "model/text_summary" in train


def _events(folder):
    """Tag -> values, read record by record: length, its checksum, the event, its checksum."""
    import struct

    from tensorboardX.proto import event_pb2

    found = {}
    (path,) = folder.iterdir()
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack("<Q", data[at : at + 8])
        event = event_pb2.Event.FromString(data[at + 12 : at + 12 + length])
        for value in event.summary.value:
            found.setdefault(value.tag, []).append(value.simple_value)
        at += 12 + length + 4
    return found


def test_tensorboard_refuses(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="pip install tensorboardX"):
        callbacks.TensorBoard()
    for name in ("write_images", "profile_batch", "embeddings_freq"):
        with pytest.raises(ValueError, match=f"{name}.*not offered"):
            callbacks.TensorBoard(**{name: 1})
    with pytest.raises(ValueError, match=r"update_freq.*0"):
        callbacks.TensorBoard(update_freq=0)


def test_model_checkpoint_keeps_whole_models(tmp_path):
    pytest.importorskip("h5py", reason="HDF5 files need h5py: pip install h5py")
    path = str(tmp_path / "model_{epoch}.keras")
    model = _model()
    _fit(callbacks.ModelCheckpoint(path), model=model, epochs=2)
    assert sorted(os.listdir(tmp_path)) == ["model_1.keras", "model_2.keras"]
    again = minidl.saving.load_model(path.format(epoch=2))
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_model_checkpoint_asks_for_the_ending_before_it_trains(tmp_path):
    for name, weights in (("x.npz", False), ("x.weights.h5", False), ("x.keras", True)):
        model = _model()
        before = model.get_weights()
        checkpoint = callbacks.ModelCheckpoint(tmp_path / name, save_weights_only=weights)
        with pytest.raises(ValueError, match=r"\.keras"):
            _fit(checkpoint, model=model)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_functions_of_two_arguments_get_logs():
    """As in Keras: `lambda epoch, logs: ...` needs no default for logs, in any hook."""
    seen = []
    hooks = {
        hook: (lambda number, logs, hook=hook: seen.append((hook, logs is None)))
        for hook in (
            *("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end"),
            *("on_test_batch_begin", "on_test_batch_end"),
            *("on_predict_batch_begin", "on_predict_batch_end"),
        )
    }
    for hook in ("on_train_begin", "on_train_end", "on_test_begin", "on_test_end"):
        hooks[hook] = lambda logs, hook=hook: seen.append((hook, logs is None))
    model = minidl.Sequential([minidl.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((4, 2)), np.zeros((4, 1))
    extra = [callbacks.LambdaCallback(**hooks)]
    model.fit(x, y, validation_data=(x, y), verbose=0, callbacks=extra)
    model.predict(x, verbose=0, callbacks=extra)
    assert {hook for hook, _ in seen} == set(hooks)
    assert not any(missing for _, missing in seen)


def test_hooks_take_their_arguments_by_name():
    seen = []
    calls = callbacks.CallbackList(
        callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs)))
    )
    calls.on_epoch_end(epoch=3, logs={"loss": 1.0})
    calls.on_epoch_end(4, {"loss": 2.0})
    calls.on_epoch_end(epoch=5)
    assert seen == [(3, {"loss": 1.0}), (4, {"loss": 2.0}), (5, {})]
