"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil

import minidl
import numpy as np
import pytest

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

EXTRAS = {  # modules whose examples need an optional package
    "minidl.callbacks.tensorboard": "tensorboardX",
    "minidl.saving._keras_file": "h5py",
    "minidl.saving._onnx_import": "onnx",
    "minidl.saving._safetensors": "safetensors",
    "minidl.utils.image_dataset": "PIL",
    "minidl.utils.images": "PIL",
    "minidl.utils.plotting": "matplotlib",
    "minidl.wrappers": "sklearn",
}


def _modules():
    yield "minidl"
    for module in pkgutil.walk_packages(minidl.__path__, "minidl."):
        if not module.name.endswith("__main__"):
            yield module.name


@pytest.mark.parametrize("name", sorted(set(_modules())))
def test_examples(name):
    for start, package in EXTRAS.items():
        if name.startswith(start):
            pytest.importorskip(package, reason=f"its examples need {package}")
    module = importlib.import_module(name)
    names = {"minidl": minidl, "np": np}
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    report = []
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, extraglobs=names):
        runner.run(test, out=report.append)
    assert not report, "".join(report)
