"""The cookbook's items on recurrent nets: each script runs, and shows what it says."""

import importlib.util
import sys

import pytest

from tests.processes import ROOT


@pytest.fixture
def run(monkeypatch):
    """`main()` of a script of that name."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))

    def call(name):
        spec = importlib.util.spec_from_file_location(name, ROOT / f"examples/{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main()

    yield call
    sys.modules.pop("_common", None)


def test_simple_rnn(run):
    figures = run("28_simple_rnn")
    assert figures["shape of the answer"] == (300, 20)
    assert figures["last loss, SimpleRNN"] < 0.1 * figures["first loss, SimpleRNN"]
    assert figures["accuracy of a step, SimpleRNN"] > 0.97
    assert figures["accuracy, sequences five times as long"] > 0.97
    assert figures["accuracy of a step, Dense"] < 0.2


def test_lstm(run):
    figures = run("31_lstm")
    for later in (0, 10, 99):
        assert figures[f"accuracy {later} steps later, LSTM"] > 0.97
    assert figures["accuracy 99 steps later, SimpleRNN"] < 0.85
