"""The scripts in the README run as printed."""

import re

import pytest

from tests.processes import ROOT, output_of


def _scripts() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)


def test_there_are_scripts():
    assert len(_scripts()) >= 2


@pytest.mark.parametrize("number", range(len(_scripts())))
def test_script_runs(number):
    output = output_of(_scripts()[number])
    assert output, "a script prints what it found"
    if "evaluate" in _scripts()[number]:
        assert float(re.search(r"'accuracy': ([\d.]+)", output)[1]) > 0.9
