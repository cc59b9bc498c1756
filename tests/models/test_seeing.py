"""What training shows: in a terminal, a log file and a notebook; tables and curves as HTML."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import minidl
import numpy as np
import pytest
from minidl import layers

from tests.keras_peer import keras
from tests.processes import ROOT, output_of

TRAIN = """
import minidl, numpy as np
model = minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae"])
x, y = np.ones((640, 4), np.float32), np.ones((640, 1), np.float32)
model.fit(x, y, epochs=2, batch_size=32, validation_split=0.5)
model.evaluate(x, y)
model.predict(x)
"""


def _in_a_terminal(columns):
    main, other = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", TRAIN],
        stdout=other,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"},
    )
    os.close(other)
    shown = b""
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors.decode()
    return shown.decode()


def _screen(text, columns):
    """The lines that stay on the screen: a carriage return writes over a line."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        final = ""
        for piece in line.split("\r"):
            final = piece + final[len(piece) :]
        lines.append(final.rstrip())
    return lines


@pytest.mark.parametrize("columns", [40, 120])
def test_in_a_terminal(columns):
    text = _in_a_terminal(columns)
    lines = _screen(text, columns)
    bar = r"10/10 ━{20} \d+s \d+(us|ms|s)/step - loss: \d\.\d+(e-\d+)? - mae: \S+"
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    for i in (1, 3):
        assert re.fullmatch(bar + r" - val_loss: \S+ - val_mae: \S+", lines[i]), lines[i]
    assert re.fullmatch(bar.replace("10/10", "20/20"), lines[4])
    assert re.fullmatch(r"20/20 ━{20} \d+s \d+(us|ms|s)/step", lines[5])
    assert lines[6:] == [""]
    drawn = [piece for line in text.split("\r\n") for piece in line.split("\r")[:-1]]
    assert all(len(piece) < columns for piece in drawn)  # nothing wraps but a finished line


def test_in_a_log_file(tmp_path):
    log = tmp_path / "log.txt"
    with log.open("wb") as file:
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "TERM": "xterm"}
        subprocess.run(
            [sys.executable, "-c", TRAIN], stdout=file, check=True, cwd=ROOT, env=environment
        )
    lines = log.read_bytes().decode("ascii").split("\n")
    assert "\r" not in "".join(lines)
    assert [line.split(" - ")[0] for line in lines] == [
        "Epoch 1/2",
        "Epoch 2/2",
        "20/20",
        "20/20",
        "",
    ]
    assert "val_loss: " in lines[0] and "mae: " in lines[2]


class OutStream(io.StringIO):
    """As ipykernel's, which is no terminal but writes lines over."""

    __module__ = "ipykernel.iostream"
    encoding = "utf-8"

    def isatty(self):
        return False


def test_in_a_notebook(monkeypatch):
    stream = OutStream()
    monkeypatch.setattr(sys, "stdout", stream)
    bar = minidl.utils.Progbar(4, interval=0)
    for i in range(1, 5):
        bar.update(i, [("loss", 1.0)])
    assert stream.getvalue().count("\r") == 4
    file = io.StringIO()  # redirected inside the notebook: plain lines
    monkeypatch.setattr(sys, "stdout", file)
    minidl.utils.Progbar(4, interval=0).update(4, [("loss", 1.0)])
    assert "\r" not in file.getvalue() and "4/4" in file.getvalue()


def _models(module):
    a, b = module.Input((4,), name="a"), module.Input((6, 2), name="b")
    inner = module.Sequential(
        [module.Input((4,)), module.layers.Dense(3, name="in"), module.layers.PReLU(name="p")],
        name="inner",
    )
    joined = module.layers.Concatenate(name="joined")(
        [inner(a), module.layers.GRU(2, name="gru")(b)]
    )
    functional = module.Model([a, b], module.layers.Dense(2, name="out")(joined), name="both")
    functional.layers[-1].trainable = False
    functional.compile("adam", "mse")
    images = module.Sequential(
        [
            module.Input((8, 8, 3)),
            module.layers.Conv2D(4, 3, name="conv"),
            module.layers.SeparableConv2D(4, 3, name="separable"),
            module.layers.Flatten(name="flat"),
            module.layers.Dense(5, name="dense"),
        ],
        name="images",
    )
    return functional, images


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_summary_has_keras_figures(which):
    """Layers, shapes, counts and connections, however wide the columns are."""
    found = []
    for module in (minidl, keras()):
        module.utils.clear_session()  # the numbers in names begin anew
        lines = []
        _models(module)[which].summary(print_fn=lines.append, expand_nested=True)
        rows = [[c.strip() for c in line.split("│")] for line in "\n".join(lines).split("\n")]
        cells = [" ".join(filter(None, row)) for row in rows if len(row) > 2]
        totals = [row[0] for row in rows if "params:" in row[0]]
        found.append(sorted(" ".join(cells).replace(",", " ").split()) + totals)
    assert found[0] == found[1] and len(found[0]) > 20


def test_trainable_column():
    lines = []
    _models(minidl)[0].summary(print_fn=lines.append, show_trainable=True, line_length=76)
    assert "Trainable ┃" in lines[0] and "━┳━━━━━━━━━━━┓" in lines[0]


def test_a_range_of_layers():
    model = _models(minidl)[1]

    def shown(layer_range):
        lines = []
        model.summary(print_fn=lines.append, layer_range=layer_range)
        return [n.name for n in model.layers if f"│ {n.name} (" in lines[0]]

    assert shown(["sep", "flat"]) == shown(["flat", "sep"]) == ["separable", "flat"]
    assert shown(None) == ["conv", "separable", "flat", "dense"]
    with pytest.raises(ValueError, match="does not match"):
        shown(["conv", "nothing"])
    with pytest.raises(ValueError, match="two patterns"):
        shown("conv")


def _parsed(html):
    return xml.fromstring(f"<div>{html.replace('<br>', '<br/>').replace('&emsp;', ' ')}</div>")


def test_models_in_notebooks():
    for model in _models(minidl):
        html = _parsed(model._repr_html_())
        rows = html.findall(".//tbody/tr")
        cells = [["".join(td.itertext()) for td in row] for row in rows]
        assert len(rows) >= len(model.layers)
        assert cells[-1][2] == f"{model.layers[-1].count_params():,}"
        total = f"Total params: {model.count_params():,}"
        assert total in "".join(html.itertext()) or "Optimizer" in "".join(html.itertext())
    named = minidl.Sequential([minidl.Input((1,)), layers.Dense(1, name="a<b")], name="<x>")
    assert "&lt;x&gt;" in named._repr_html_() and "a&lt;b" in named._repr_html_()
    assert "unbuilt" in minidl.Sequential([layers.Dense(2)])._repr_html_()


def test_histories_in_notebooks():
    history = minidl.callbacks.History()
    assert "No epoch" in history._repr_html_()
    history.epoch = list(range(12))
    history.history = {
        "loss": [1.0 / (i + 1) for i in range(12)],
        "f1": [np.ones(2)] * 12,
        "val_loss": [*([float("nan")] * 2), *range(10)],
        "flat": [2.0] * 12,
    }
    html = _parsed(history._repr_html_())
    assert len(html.findall(".//svg")) == 2  # nothing to draw for vectors
    assert len(html.findall(".//polyline")) == 3
    rows = html.findall(".//tbody/tr")
    assert len(rows) == 10 and rows[-1].find("td").text == "12"
    for line in html.findall(".//polyline"):
        points = [tuple(map(float, p.split(","))) for p in line.get("points").split()]
        assert all(0 <= x <= 240 and 0 <= y <= 90 for x, y in points)


def test_plot_history(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install matplotlib")
    curves = {"loss": [3.0, 2.0, 1.0], "mae": [2.0, 1.0, 0.5], "val_loss": [4.0, 3.0, 2.5]}
    figure = minidl.utils.plot_history(curves, path=tmp_path / "curves.png")
    loss, mae = figure.axes
    assert loss.get_title() == "loss" and mae.get_title() == "mae"
    drawn = [line.get_ydata().tolist() for line in loss.get_lines()]
    assert drawn == [curves["loss"], curves["val_loss"]]
    assert loss.get_lines()[0].get_xdata().tolist() == [1, 2, 3]
    assert len(mae.get_lines()) == 1
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    minidl.utils.plot_history(curves, path=tmp_path / "curves.svg")
    assert b"<svg" in (tmp_path / "curves.svg").read_bytes()
    with pytest.raises(ValueError, match="holds no curves"):
        minidl.utils.plot_history({})


def test_pictures_are_not_imported_with_training():
    code = TRAIN + "import sys, json; print(json.dumps('matplotlib' in sys.modules))"
    assert json.loads(output_of(code).splitlines()[-1]) is False
