"""Callbacks, the progress bar, and the command line."""

import io
import re
import sys

import minidl
import numpy as np
import pytest
from minidl import callbacks, cli, layers


def _fit(epochs=3, verbose=0, model=None, **options):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((64, 4), np.float32), rng.standard_normal((64, 1), np.float32)
    if model is None:
        minidl.set_random_seed(0)
        model = minidl.Sequential([layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
    return model.fit(x, y, epochs=epochs, verbose=verbose, **options)


def test_hooks_are_called_in_order():
    calls = []

    class Log(callbacks.Callback):
        def __getattribute__(self, name):
            return super().__getattribute__(name)

    for hook in callbacks.callback.HOOKS:

        def method(self, *args, hook=hook, **kwargs):
            calls.append(hook)

        setattr(Log, hook, method)
    _fit(epochs=1, callbacks=[Log()], validation_split=0.5, batch_size=16)
    batch = ["on_train_batch_begin", "on_train_batch_end"]
    test = ["on_test_batch_begin", "on_test_batch_end"]
    assert calls == [
        "on_train_begin", "on_epoch_begin", *batch * 2,
        "on_test_begin", *test * 2, "on_test_end", "on_epoch_end", "on_train_end",
    ]  # fmt: skip


def test_old_batch_names_and_lambdas():
    seen = []

    class Old(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append((batch, sorted(logs)))

    ended = []
    _fit(epochs=1, callbacks=[Old(), callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ended.append(epoch))])  # fmt: skip
    assert seen == [(0, ["loss", "mae"]), (1, ["loss", "mae"])]
    assert ended == [0]
    with pytest.raises(ValueError, match="on_epoch"):
        callbacks.LambdaCallback(on_epoch_finish=print)
    with pytest.raises(ValueError, match="Callback"):
        _fit(callbacks=[print])


def _logs(monitor, values, **options):
    stop = callbacks.EarlyStopping(monitor, **options)
    model = minidl.Sequential([minidl.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=0)
    stop.set_model(model)
    model.stop_training = False
    stop.on_train_begin()
    for epoch, v in enumerate(values):
        model.set_weights([np.full((1, 1), epoch), np.zeros(1)])
        stop.on_epoch_end(epoch, {monitor: v})
        if model.stop_training:
            break
    stop.on_train_end()
    return epoch, float(model.get_weights()[0][0, 0])


def test_early_stopping():
    assert _logs("val_loss", [3, 2, 2.5, 2.4, 1], patience=2)[0] == 3
    assert _logs("val_loss", [3, 2, 2.5, 2.4, 1], patience=2, restore_best_weights=True)[1] == 1
    assert _logs("val_loss", [3, 2, 1, 0])[0] == 3
    assert _logs("val_accuracy", [0.1, 0.2, 0.2, 0.5], patience=1)[0] == 2
    assert _logs("loss", [3, 2.95, 2.9], min_delta=0.2, patience=1)[0] == 1
    assert _logs("loss", [3, 4, 5, 6], start_from_epoch=2)[0] == 3
    assert _logs("f", [1, 2, 3, 2], mode="max")[0] == 3
    with pytest.raises(ValueError, match="rise or"):
        _logs("f", [1, 2])
    with pytest.raises(ValueError, match="mode"):
        callbacks.EarlyStopping(mode="up")
    with pytest.warns(UserWarning, match="not available"):
        _fit(epochs=1, callbacks=[callbacks.EarlyStopping()])


def test_terminate_on_nan(capsys):
    def run(**options):
        model = minidl.Sequential([layers.Dense(1)])
        model.compile(minidl.optimizers.SGD(1e30), "mse")
        return _fit(epochs=20, model=model, callbacks=[callbacks.TerminateOnNaN(**options)])

    with np.errstate(all="ignore"):
        assert len(run().epoch) < 20
        assert "loss is" in capsys.readouterr().out
        with pytest.raises(RuntimeError, match="loss"):
            run(raise_error=True)


def test_plain_lines(capsys):
    _fit(epochs=2, verbose=1, validation_split=0.5)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(
        r"Epoch 2/2 - 1/1 - \d+s - \d+(us|ms|s)/step - loss: \S+ - mae: \S+ - val_loss: \S+ "
        r"- val_mae: \S+", lines[1]
    )  # fmt: skip
    _fit(epochs=2, verbose=2)
    assert len(capsys.readouterr().out.splitlines()) == 4
    _fit(epochs=2, verbose=0)
    assert capsys.readouterr().out == ""


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_live_bar(monkeypatch):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    bar = minidl.utils.Progbar(4, interval=0, width=8)
    for i in range(1, 5):
        bar.update(i, [("loss", float(i))])
    text = terminal.getvalue()
    assert text.count("\r") == 4
    assert text.endswith("\n")
    assert "2/4 ━━━━────" in text
    assert "loss: 4.0000" in text
    _fit(epochs=1, verbose=1)
    assert "2/2 ━━━━━━━━" in terminal.getvalue()


def test_bar_is_rate_limited(monkeypatch):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    bar = minidl.utils.Progbar(1000, interval=60)
    for i in range(1000):
        bar.update(i)
    bar.update(1000)
    assert terminal.getvalue().count("\r") == 2


def test_info(capsys):
    assert cli.main(["info"]) == 0
    out = capsys.readouterr().out
    for word in ("minidl", "instruction set", "available", "threads", "allocator", "CUDA"):
        assert word in out


@pytest.mark.parametrize(
    "arguments",
    [["demo", "--epochs", "0"], ["demo", "--epochs", "x"], ["demo", "--seed", "-1"], ["dance"]],
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "minidl" in capsys.readouterr().err


def test_no_command(capsys):
    assert cli.main([]) == 2
    assert "demo" in capsys.readouterr().err


def test_demo(tmp_path, capsys):
    assert cli.main(["demo", "--epochs", "6", "--output", str(tmp_path / "new")]) == 0
    out = capsys.readouterr().out
    assert "Total params" in out
    assert "Confusion matrix" in out
    assert float(re.search(r"held-out images: ([\d.]+)%", out)[1]) >= 97.5
    names = {p.name for p in (tmp_path / "new").iterdir()}
    assert "minidl_demo.npz" in names
    assert ("minidl_demo.png" in names) == ("Curves saved" in out)


def test_demo_fails_clearly(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert cli.main(["demo", "--epochs", "1", "--output", str(blocked)]) == 1
    assert "minidl demo" in capsys.readouterr().err
