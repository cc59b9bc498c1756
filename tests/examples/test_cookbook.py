"""Every item has one script, and the cookbook lists it with what it printed."""

import re

from tests.processes import ROOT


def test_every_item_has_one_script_and_a_place_in_the_cookbook():
    names = sorted(p.name for p in (ROOT / "examples").glob("[0-9][0-9]_*.py"))
    assert [int(name[:2]) for name in names] == list(range(1, 41))
    text = (ROOT / "docs/cookbook.md").read_text(encoding="utf-8")
    assert re.findall(r"^\[`examples/(\S+)`\]", text, re.M) == names
    outputs = re.findall(r"```text\n(.*?)\n```", text, re.S)
    assert len(outputs) == 40 and all(outputs)


def test_every_script_is_run_by_a_test():
    tests = "".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "tests/examples").glob("test_*.py")
    )
    for path in (ROOT / "examples").glob("[0-9][0-9]_*.py"):
        number = int(path.name[:2])
        assert path.stem in tests or re.search(rf"\b{number}\b", tests), path.name
