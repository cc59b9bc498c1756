"""The cookbook's items on training: each script runs, and shows what it says."""

import importlib.util

import numpy as np
import pytest

from tests.processes import ROOT


def _run(name, *args, **kwargs):
    """`main()` of a script; its name is no Python name."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / f"examples/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(*args, **kwargs)


def test_linear_regression():
    figures = _run("01_linear_regression")
    for way in ("least squares", "by hand", "by tape"):
        assert figures[way] == pytest.approx((0.6, 2.2), abs=1e-3), way
    assert figures["loss last"] < figures["loss first"] / 10
    assert figures["lines in the text's answer"] > 1


def test_logistic_regression():
    figures = _run("02_logistic_regression")
    assert figures["steps that fell"] == 0
    assert figures["likelihood last"] > -0.25 > figures["likelihood first"]
    assert figures["points right"] == 5
    assert 2 < figures["boundary"] < 3
    assert figures["tape differs by"] < 1e-12
    assert figures["text's likelihood last"] < figures["text's likelihood first"]


def test_backpropagation():
    figures = _run("03_backpropagation")
    assert figures["gradients differ by"] < 1e-12
    assert figures["loss"] < 0.1 * figures["loss at first"]
    assert figures["loss"] < figures["loss with one hidden bias"]
    assert figures["loss with the text's sign"] > figures["loss at first"]


def test_initializers():
    figures = _run("06_initializers")

    def kept(name):
        outputs = figures[name]["outputs"]
        return outputs[-1] / outputs[0]

    assert figures["relu zeros"]["outputs"][-1] == 0
    assert figures["relu zeros"]["gradients"][-1] == 0
    assert 0.2 < kept("relu He") < 5
    assert kept("relu Glorot") < 1e-6
    assert kept("relu gaussian, deviation 0.01") < 1e-30
    assert kept("relu gaussian, variance 1/sqrt(n)") > 1e20
    assert kept("tanh Glorot") > 0.02
    assert kept("tanh gaussian, deviation 0.01") < 1e-30
    first = [figures[f"tanh {n}"]["gradients"][0] for n in ("Glorot", "gaussian, deviation 0.01")]
    assert first[0] > 1e10 * first[1]


def test_learning_rates():
    figures = _run("07_learning_rates")
    for name, value in figures.items():
        if name.endswith("differs by"):
            assert value < 1e-6, name
    assert figures["rates of epochs"] == [0.1, 0.05, 0.025, 0.0125]
    for name in ("fixed", "steps", "floor", "Adam 0.001"):
        assert figures[f"{name} accuracy"] > 0.8, name
    assert figures["fixed accuracy"] > 0.9
    assert figures["Adam 0.1 accuracy"] < figures["fixed accuracy"]


def test_metrics():
    figures = _run("08_metrics")
    assert figures["metrics"] == pytest.approx(figures["formulas"], abs=1e-6)
    assert figures["always no"]["accuracy"] > 0.85
    assert figures["always no"]["recall"] == 0
    assert 0.5 < figures["metrics"]["recall"] <= 1
    sk = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    y, said = figures["targets"], figures["predictions"] > 0.5
    for name in ("accuracy", "precision", "recall", "f1"):
        wanted = getattr(sk, f"{name}_score")(y, said)
        assert figures["metrics"][name] == pytest.approx(wanted, abs=1e-6), name


def test_optimizers():
    figures = _run("24_optimizers")
    assert set(figures) == {"SGD", "Adam", "RMSprop", "Adadelta"}
    for name, found in figures.items():
        assert found["differs by"] < 1e-7, name  # rates are float32
        assert found["last loss"] < 0.5 * found["first loss"], name


def test_losses():
    figures = _run("33_losses")
    for name, value in figures.items():
        if name.endswith("differs by"):
            assert value < 1e-6, name
    assert figures["text's cross-entropy over the real one"] == pytest.approx(0.1, rel=1e-4)
    assert figures["exact at the extreme"] == 200
    assert np.allclose(figures["gradient there"], [[1, -1]])
    assert figures["text's at the extreme"] < 17
    assert "(32,)" in figures["what minidl says"] or "(1,)" in figures["what minidl says"]
