"""One benchmark per case that is a row of the speed targets, or the largest of its kernel."""

import numpy as np
import pytest
from minidl import _core

from tests.cases import Case, Make, cases_of


def timed_cases(family: str) -> list[Case]:
    """Every row of the speed targets; for kernels without one, the case with the most data."""
    cases = [case for case in cases_of(family) if case.kernel]
    rows = [case for case in cases if case.row]
    for kernel in sorted({case.kernel for case in cases} - {case.kernel for case in rows}):
        rows.append(max((case for case in cases if case.kernel == kernel), key=_bytes))
    return rows


def _bytes(case: Case) -> int:
    def size(a):
        return sum(map(size, a)) if isinstance(a, list) else getattr(a, "nbytes", 0)

    return sum(size(a) for a in case.make(Make()))


def benchmark_of(family: str):
    """A test function that times the kernels of a family, for pytest-benchmark."""

    @pytest.mark.parametrize("case", timed_cases(family), ids=lambda case: case.row or case.id)
    def test_speed(benchmark, case):
        args = case.make(Make(0, np.float32))
        benchmark.group = family
        benchmark.extra_info.update(isa=_core.isa(), threads=_core.num_threads())
        benchmark(getattr(_core, case.kernel), *args, **case.kwargs)

    return test_speed
