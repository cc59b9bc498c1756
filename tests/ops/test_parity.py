"""Every kernel against its naive NumPy version: each case, both dtypes, all instruction sets."""

from math import sqrt

import numpy as np
import pytest
from minidl import _core

from tests.cases import all_cases, reference
from tests.checks import FLOATS, FORWARD, assert_close, make, run_kernel, run_reference

CASES = [case for case in all_cases() if case.kernel]


@pytest.mark.parametrize("case", [c for c in CASES if not c.row], ids=lambda c: c.id)
def test_kernel_equals_reference(case):
    for dtype in FLOATS:
        args = make(case, dtype)
        expected = run_reference(reference(case.kernel), case, args)
        for isa in _core.isa_available():
            _core.set_isa(isa)
            _compare(case, run_kernel(case, args), expected, np.dtype(dtype), isa)


@pytest.mark.parametrize("case", [c for c in CASES if c.row], ids=lambda c: c.id)
def test_kernel_equals_reference_at_benchmark_size(case):
    args = make(case, np.float32)
    expected = run_reference(reference(case.kernel), case, args)
    _compare(case, run_kernel(case, args), expected, np.dtype(np.float32), _core.isa())


def _compare(case, got, expected, dtype, isa):
    assert len(got) == len(expected)
    for number, (result, right) in enumerate(zip(got, expected, strict=True)):
        what = f"{case.id} result {number} in {dtype} on {isa}"
        if right is None:
            assert result is None, what
            continue
        assert result.dtype == dtype, what
        assert result.flags.c_contiguous, what
        assert_close(result, right, FORWARD[dtype] * sqrt(case.terms), what)


@pytest.mark.parametrize("case", [c for c in CASES if not c.row], ids=lambda c: c.id)
def test_inputs_stay_unchanged(case):
    args = make(case)
    again = make(case)
    run_kernel(case, args)
    for before, after in zip(again, args, strict=True):
        if isinstance(before, np.ndarray):
            np.testing.assert_array_equal(before, after)
