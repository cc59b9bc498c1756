"""A kernel is complete or it fails here: binding, op, reference, cases and docstrings."""

import inspect
import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import minidl
import numpy as np
import pytest
from minidl import _core, ops

from tests.cases import FAMILIES, all_cases, cases_of, reference
from tests.checks import make
from tests.processes import ROOT

KERNELS = _core.kernel_names()
LEAST_CASES = 8
# In-place steps over all parameters: they belong to an optimizer, not to an op.
OPTIMIZERS = ("sgd", "adam", "adamax", "nadam", "rmsprop", "adagrad", "adadelta", "lion", "ftrl")


def _sources(*packages):
    folder = Path(minidl.__file__).parent
    return "\n".join(
        path.read_text() for package in packages for path in sorted((folder / package).glob("*.py"))
    )


def test_kernel_names_are_unique():
    assert [name for name, count in Counter(KERNELS).items() if count > 1] == []


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_has_a_binding_with_a_docstring(kernel):
    binding = getattr(_core, kernel, None)
    assert callable(binding), f"no _core.{kernel}"
    # pybind11 writes the signature itself; what counts is that a sentence follows it.
    text = re.sub(r"^\s*(\d+\. )?\w+\(.*\) -> .*$", "", binding.__doc__ or "", flags=re.M)
    assert text.strip(), f"_core.{kernel} has no docstring of its own"


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_has_an_op(kernel):
    used = re.search(rf"\b{kernel}\b", _sources("optimizers" if kernel in OPTIMIZERS else "ops"))
    assert used, f"nothing in minidl.ops (or an optimizer) calls _core.{kernel}"
    if kernel not in OPTIMIZERS and not kernel.endswith("_grad"):
        assert callable(getattr(ops, kernel, None)), f"no minidl.ops.{kernel}"


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_has_a_reference(kernel):
    function = reference(kernel)
    assert function is not None, f"no function {kernel} in tests/references"
    binding = re.match(rf"{kernel}\((.*?)\) -> ", _core.__dict__[kernel].__doc__ or "")
    if binding:
        names = [re.split(r"[:=]", part)[0].strip() for part in binding[1].split(", ")]
        names = [name for name in names if name.isidentifier()]
        expected = list(inspect.signature(function).parameters)
        assert names[: len(expected)] == expected, (
            f"{kernel}: arguments differ from the reference's"
        )


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_has_cases(kernel):
    found = [case for case in all_cases() if case.kernel == kernel]
    assert len(found) >= LEAST_CASES, f"{kernel} has {len(found)} cases"
    if kernel not in OPTIMIZERS and not kernel.endswith("_grad"):
        checked = [case for case in found if case.op and case.wrt]
        assert len(checked) >= LEAST_CASES, f"{kernel}: {len(checked)} gradient cases"


def test_cases_have_unique_names():
    names = Counter(case.id for family in FAMILIES for case in cases_of(family))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_case_or_reference_without_a_kernel():
    assert {case.kernel for case in all_cases() if case.kernel} == set(KERNELS)


@pytest.mark.parametrize("case", all_cases(), ids=lambda c: c.id)
def test_case_is_well_formed(case):
    if case.row:
        return
    first = make(case)
    for index in case.wrt:
        assert isinstance(first[index], np.ndarray) and first[index].dtype == np.float32
    assert not case.wrt or case.op
    assert case.kernel or case.op


def _families():
    """Families as kernels.def names them."""
    registry = (ROOT / "csrc/kernels.def").read_text()
    return re.findall(r"^MINIDL_FAMILY\((\w+)\)", registry, flags=re.M)


@pytest.mark.parametrize("family", _families())
def test_family_has_its_files(family):
    """The files that CONTRIBUTING.md tells of under "add an op in five files"."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text[text.lower().index("five files") :]
    named = [path for path in re.findall(r"`([\w./<>]+)`", section) if "/" in path][:5]
    wanted = [path for path in named if "<" in path]
    assert len(named) >= 5 and wanted, f"CONTRIBUTING.md names only {named}"
    for path in [*wanted, "tests/references/<family>.py"]:
        place = re.sub(r"<\w+>", family, path)
        place = place if (ROOT / place).exists() else f"python/minidl/{place}"
        if family == "optimizers" and "ops/" in place:
            place = "python/minidl/optimizers"  # steps of optimizers have no op
        assert (ROOT / place).exists(), f"{place} is missing"
    assert family in FAMILIES
    import_module(f"tests.cases.{family}")
