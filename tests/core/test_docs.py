"""The documentation: its scripts run as printed, its reference is whole, its lists are true."""

import importlib
import inspect
import re

import minidl
import pytest

from tests import keras_differences_page
from tests.core.test_surface import SURFACE
from tests.processes import ROOT, run_python

DOCS = ROOT / "docs"
BLOCK = re.compile(r"(?:<!-- needs: (\w+) -->\n)?^```python\n(.*?)^```", re.S | re.M)
# What a page talks about without making it, and the package that it needs.
CONTEXT = {
    "onnx.md": """
import numpy as np
import minidl
layers = [minidl.Input((4, 4, 1)), minidl.layers.Flatten(), minidl.layers.Dense(2)]
model = minidl.Sequential(layers)
images, targets = np.ones((3, 4, 4, 1), "float32"), np.ones((3, 2), "float32")
print(model.predict(images, verbose=0).shape)
"""
}
NEEDS = {"onnx.md": "onnx", "guide/files.md": "h5py"}
PAGES = sorted(str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md") if BLOCK.search(p.read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_scripts_run(page, tmp_path):
    if page in NEEDS:
        pytest.importorskip(NEEDS[page])
    blocks = BLOCK.findall((DOCS / page).read_text())
    here = [CONTEXT.get(page, "")]
    for package, code in blocks:
        if package:
            try:
                importlib.import_module(package)
            except ImportError:
                continue
        here.append(code)
    setting = f"import os, warnings; os.chdir({str(tmp_path)!r}); warnings.simplefilter('error')\n"
    done = run_python(setting + "\n".join(here))
    assert done.returncode == 0, done.stderr
    assert done.stdout, "a page prints what it finds"


def test_there_are_pages():
    assert {"index.md", "keras.md", "guide/training.md"} <= set(PAGES)


def test_the_reference_has_every_module():
    """And every page is in the table of contents; .ci/check_site.py looks for the names."""
    pages = "".join(p.read_text() for p in (DOCS / "api").glob("*.md"))
    nav = (ROOT / "mkdocs.yml").read_text()
    for path in SURFACE:
        name = f"minidl.{path}" if path else "minidl"
        assert re.search(rf"^::: {name}$", pages, re.M), name
    for name in minidl.__all__:
        if inspect.ismodule(getattr(minidl, name)):
            assert re.search(rf"^::: minidl\.{name}\b", pages, re.M), name
    for page in DOCS.rglob("*.md"):
        assert str(page.relative_to(DOCS)) in nav, page


def test_the_list_of_differences_is_that_of_the_tests():
    """Write it anew with `python -m tests.keras_differences_page`."""
    page = keras_differences_page.PAGE.read_text()
    assert page.split(keras_differences_page.MARK)[1] == keras_differences_page.lists()
