"""The cookbook's items on schedules, depth, pretrained networks and image files."""

import sys

import pytest

from tests.processes import ROOT

from .test_training import _run


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    yield
    for name in ("_common", "_transfer", "_pictures"):
        sys.modules.pop(name, None)


def _needs_files():
    pytest.importorskip("h5py", reason="weights in HDF5 files: pip install h5py")


def test_schedules():
    figures = _run("12_learning_rate_schedules")
    for name in ("exponential", "steps", "cosine", "lowered on a plateau"):
        assert figures[f"accuracy, {name}"] > 0.94, name
    assert figures["accuracy, Adam 0.1"] < figures["accuracy, Adam 0.001"]
    assert figures["rate at the end, lowered on a plateau"] < 0.5


def test_resnet():
    figures = _run("15_resnet")
    assert figures["convolutions"] == 15
    assert figures["largest residual before training"] == 0
    assert figures["test accuracy"] >= 0.95


def test_residual_learning():
    figures = _run("18_residual_learning")
    for depth in (1, 12, 48):
        assert figures[f"accuracy, {depth} layers, residual"] > 0.9
    assert figures["accuracy, 1 layers, plain"] > 0.9
    assert figures["accuracy, 48 layers, plain"] < 0.3


def test_training_step():
    figures = _run("38_training_step")
    for name in ("gradient descent", "Adam", "RMSprop", "Adadelta"):
        assert figures[f"last loss, {name}"] < 0.6 * figures[f"first loss, {name}"], name
        assert figures[f"same weights from fit, {name}"], name


def test_pretrained_inception():
    _needs_files()
    figures = _run("20_pretrained_inception")
    assert figures["base unchanged to the bit"] and figures["whole model agrees with its parts"]
    assert figures["last loss"] < 0.2 * figures["first loss"]
    assert figures["accuracy on held-out digits"] > 0.75


def test_transfer_resnet():
    _needs_files()
    figures = _run("21_transfer_resnet")
    assert figures["weights of the base changed, head alone"] == 0
    assert figures["last loss, head alone"] < 0.2 * figures["first loss, head alone"]
    assert figures["accuracy, head alone"] > 0.7
    moved = figures["layers of the base that moved"].split(", ")
    assert moved and all(name.startswith("conv5_block3") for name in moved)


def test_data_preprocessing():
    pytest.importorskip("PIL", reason="image files need Pillow: pip install pillow")
    _needs_files()
    figures = _run("26_data_preprocessing")
    assert figures["broken files"] == "empty.png, text.jpg, truncated.png"
    assert figures["classes"] == 10 and figures["base unchanged to the bit"]
    assert figures["last loss"] < 0.2 * figures["first loss"]
    assert figures["accuracy on held-out files"] > 0.75


def test_transfer_learning():
    figures = _run("32_transfer_learning")
    assert figures["accuracy on 0 to 4"] > 0.95
    assert figures["base unchanged to the bit"]
    transferred = figures["accuracy on 5 to 9, transferred"]
    assert transferred > figures["accuracy on 5 to 9, from scratch"]


def test_augmentation():
    pytest.importorskip("PIL", reason="image files need Pillow: pip install pillow")
    _needs_files()
    figures = _run("40_augmentation")
    names = ("as they are", "augmented")
    shifted = [figures[f"... on images shifted by a pixel, {n}"] for n in names]
    assert shifted[1] > shifted[0] + 0.1
    assert figures["broken files"] == 3 and figures["no augmentation in use"]
    assert figures["base unchanged to the bit"]
    assert figures["last loss"] < 0.7 * figures["first loss"]


def test_gan(tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib")
    picture = tmp_path / "samples.png"
    figures = _run("30_gan", picture=str(picture))
    assert figures["distance to digits, after"] < 0.65 * figures["distance to digits, before"]
    assert figures["spread of the samples"] > 0.4 * figures["spread of the digits"]
    assert picture.stat().st_size > 1000
