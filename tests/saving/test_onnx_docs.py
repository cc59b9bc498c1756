"""docs/onnx.md says what the registries hold."""

import re
from pathlib import Path

import pytest

from .onnx_nodes import ALL_PASSING, EXPANDED_PASSING, ONNX_VERSION, PASSING

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def _part(page, name):
    return re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", page, re.S)[1]


def test_layers_and_functions(page):
    from minidl.saving._onnx_export import IR_VERSION, LAYERS, OPS, OPSET

    assert re.findall(r"`(\w+)`", _part(page, "layers")) == sorted(c.__name__ for c in LAYERS)
    assert re.findall(r"`([\w.]+)`", _part(page, "ops")) == sorted(OPS)
    assert f"opset **{OPSET}**, in a file of IR version {IR_VERSION}:" in page


def test_operators(page):
    from minidl.saving._onnx_import import NEWEST, OLDEST, OPERATORS

    cells = re.findall(r"(\w+) \| (\d+) ", _part(page, "operators"))
    assert {name: int(n) for name, n in cells} == {n: PASSING.get(n, 0) for n in OPERATORS}
    assert f"Opsets {OLDEST} to {NEWEST};" in page
    assert f"onnx {ONNX_VERSION}: {ALL_PASSING:,} of 1,884 pass" in page
    assert f"{EXPANDED_PASSING} of those that pass spell" in page
