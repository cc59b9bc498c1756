"""The instruction set is chosen once, by the processor or by MINIDL_ISA."""

import pytest
from minidl import _core

from tests.processes import output_of, run_python

ALL = ("baseline", "avx2", "avx512", "neon")
REPORT = """
    import numpy as np
    from minidl import _core
    x = np.arange(35, dtype=np.float32).reshape(5, 7)
    print(_core.isa(), int(_core.matmul(x, x, False, True).sum()))
"""


@pytest.mark.parametrize("isa", _core.isa_available())
def test_environment_forces_a_level(isa):
    # The sum over all products of two rows is the sum of the squared column sums.
    columns = [sum(range(column, 35, 7)) for column in range(7)]
    assert output_of(REPORT, MINIDL_ISA=isa) == f"{isa} {sum(c * c for c in columns)}"


def test_the_strongest_level_is_the_default():
    assert output_of(REPORT, MINIDL_ISA="").split()[0] == _core.isa_available()[-1]


@pytest.mark.parametrize(
    "name", ["avx1024", "AVX2", " ", *sorted(set(ALL) - set(_core.isa_available()))]
)
def test_unsupported_level_is_an_error_at_import(name):
    done = run_python("import minidl", MINIDL_ISA=name)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "MINIDL_ISA" in last and repr(name) in last and _core.isa_available()[0] in last


def test_set_isa():
    for name in _core.isa_available():
        _core.set_isa(name)
        assert _core.isa() == name
    with pytest.raises(ValueError, match="mmx"):
        _core.set_isa("mmx")
    assert _core.isa() == _core.isa_available()[-1]
