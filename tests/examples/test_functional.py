"""The cookbook's items on functional models: each script runs, and shows what it says."""

import pytest

from .test_training import _run


def test_residual_blocks():
    figures = _run("13_residual_blocks")
    assert figures["additions"] == 4
    assert figures["test accuracy"] >= 0.97
    assert figures["first gradient, plain"] < 1e-9  # it has vanished
    assert figures["first gradient, residual"] > 0.05


def test_inception():
    figures = _run("14_inception")
    assert figures["main accuracy"] >= 0.97
    assert figures["side accuracy"] >= 0.95
    assert figures["loss"] == pytest.approx(figures["main and side loss"], rel=1e-3)
    assert figures["channels of the blocks"] == [32, 48]
