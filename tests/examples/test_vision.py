"""The examples on images, activations and regularisation: their results, on the digits."""

import importlib.util
import sys

import numpy as np
import pytest

from tests.processes import ROOT

FOLDER = ROOT / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    """Call `main` of the script with that number, and give its figures."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def call(number, **kwargs):
        (path,) = FOLDER.glob(f"{number:02d}_*.py")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        figures = module.main(**kwargs)
        printed = capsys.readouterr().out
        assert all(name in printed for name in figures)
        return figures

    yield call
    sys.modules.pop("_common", None)


def test_vanishing_and_exploding_gradients(run):
    f = run(4)
    assert f["gradient at layer 1: sigmoid"] < 1e-15
    assert f["gradient at layer 1: linear, weights too large"] > 1e6
    for cure in ("sigmoid, batch norm", "LeakyReLU, He's weights"):
        assert 0.01 < f[f"gradient at layer 1: {cure}"] < 10
        assert 0.1 < f[f"layer 1 / layer 30: {cure}"] < 10
    assert f["way of layer 1 of 8: Adam"] > 1000 * f["way of layer 1 of 8: SGD"] > 0
    assert f["way of layer 1 of 8: SGD, smaller steps"] < f["way of layer 1 of 8: SGD"]
    assert f["way of layer 1 of 30: Adam"] < 1e-6
    assert f["length of a step: no clipping"] > 1e6
    np.testing.assert_allclose(f["length of a step: clipping"], 1, rtol=1e-3)


def test_relu(run):
    f = run(5, data="digits")
    assert (f["largest slope: relu"], f["largest slope: sigmoid"]) == (1, 0.25)
    assert f["never above zero: relu"] < 0.2
    assert f["never above zero: relu, large steps"] > 0.6
    assert f["accuracy: leaky relu, large steps"] > f["accuracy: relu, large steps"] + 0.1
    assert f["slope at -2: relu"] == 0 < f["slope at -2: leaky relu"]


def test_activations(run):
    f = run(22)
    assert max(v for k, v in f.items() if "error" in k) < 1e-7
    assert f["relu at -2 and 3"] == [0, 3]
    assert min(f["sigmoid's range"]) > 0 and max(f["sigmoid's range"]) < 1
    assert min(f["tanh's range"]) > -1 and max(f["tanh's range"]) <= 1


def test_activations_in_training(run):
    f = run(36, data="digits")
    for name in ("relu", "leaky_relu", "elu", "gelu", "tanh"):
        assert f[f"accuracy: 1 layers, {name}"] > 0.93
        assert f[f"accuracy: 6 layers, {name}"] > 0.9
    assert f["accuracy: 6 layers, sigmoid"] < 0.8


def test_overfitting_and_underfitting(run):
    f = run(9)
    assert f["training: large net"] > 0.95
    assert f["validation: large net"] < 0.85
    assert f["training: too small (1 unit)"] < 0.4
    for remedy in ("L1", "L2", "dropout", "smaller net", "augmentation", "early stopping"):
        assert f[f"validation: {remedy}"] > f["validation: large net"]
        gap = f["training: large net"] - f["validation: large net"]
        assert f[f"training: {remedy}"] - f[f"validation: {remedy}"] < gap
    assert f["epochs: early stopping"] < f["epochs: large net"]
    assert f["rise of the validation loss: large net"] > f["rise of the validation loss: L2"]
    assert 0.6 < f["cross-validation: mean"] < 0.85


@pytest.mark.parametrize("number", [10, 11, 34])
def test_dense_nets(run, number):
    f = run(number, data="digits")
    assert f["accuracy"] >= 0.95
    if number == 10:
        assert abs(f["share dropped in training"] - 0.5) < 0.01
        assert abs(f["mean in training"] - 1) < 0.02
        assert not f["changed in prediction"]
    elif number == 11:
        assert f["mean after it"] < 1e-5
        assert abs(f["deviation after it"] - 1) < 1e-3
        assert f["difference alone or in a batch"] < 1e-5
    else:
        assert f["parameters"] == f["parameters by hand"]


def test_atrous_convolution(run):
    f = run(16, data="digits")
    assert f["accuracy"] >= 0.95
    assert [f[f"receptive field, rate {r}"] for r in (1, 2, 4)] == [3, 5, 9]
    assert f["receptive field, rates 1 2 4 8"] == 31


def test_atrous_or_standard(run):
    f = run(17)
    for name in ("parameters", "multiplications a pixel"):
        assert f[f"atrous 3x3, rate 2: {name}"] == f[f"standard 3x3: {name}"]
        assert f[f"atrous 3x3, rate 2: {name}"] < f[f"standard 5x5: {name}"] / 2.5
    seen = [f[f"{k}: receptive field"] for k in ("standard 3x3", "atrous 3x3, rate 2")]
    assert seen == [3, f["standard 5x5: receptive field"]] == [3, 5]
    times = [f[f"{k}: milliseconds"] for k in ("atrous 3x3, rate 2", "standard 3x3")]
    assert times[0] < 3 * times[1]  # equal, on an idle machine


def test_separable_convolution(run):
    f = run(19, data="digits")
    assert f["parameters: separable"] < f["parameters: standard"] / 8
    assert f["milliseconds: separable"] < f["milliseconds: standard"]
    assert f["accuracy: separable"] > f["accuracy: standard"] - 0.06
    assert f["difference of two steps and one"] < 1e-5


@pytest.mark.parametrize("number", [23, 27, 35, 37])
def test_convolutional_nets(run, number):
    f = run(number, data="digits")
    accuracy = f["accuracy: convolutional" if number == 35 else "accuracy"]
    assert accuracy >= 0.98
    if number == 23:
        assert f["difference from the written-out sum"] < 1e-5
    elif number == 35:
        moved = [f[f"accuracy, images moved: {k}"] for k in ("convolutional", "dense")]
        assert moved[0] > moved[1] + 0.15
    elif number == 37:
        edges = [f[k] for k in ("left edge", "right edge", "upper edge", "inside")]
        assert edges == [4, -4, 4, 0]


def test_regularization(run):
    f = run(25, data="digits")
    assert max(v for k, v in f.items() if "error" in k) < 1e-5
    assert min(v for k, v in f.items() if "accuracy" in k) > 0.93
    length = {k: f[f"length of the weights: {k}"] for k in ("nothing", "L1", "L2")}
    assert max(length["L1"], length["L2"]) < 0.85 * length["nothing"]
    assert f["weights below 0.001: L1"] > 0.3
    assert f["weights below 0.001: nothing"] < 0.05


def test_regularizing_layer(run):
    f = run(39, data="digits")
    for factor in (0.0, 0.01):
        assert f[f"accuracy, factor {factor}"] > 0.93
        assert abs(f[f"loss minus its parts, factor {factor}"]) < 1e-4
    assert f["active units, factor 0.01"] < 0.7 * f["active units, factor 0.0"]
    assert f["gradient of the penalty"] == [[1.5, -1.5]]
    assert f["shape of the text's answer"] == ()


@pytest.mark.parametrize("number", [4, 22])
def test_pictures(run, number, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install matplotlib")
    run(number, picture=tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000
