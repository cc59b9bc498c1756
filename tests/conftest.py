"""Fixtures for all tests."""

import pytest
from minidl import _core


@pytest.fixture(autouse=True)
def _same_runtime():
    """Whatever a test sets, the next one starts with the same threads and instruction set."""
    isa, threads = _core.isa(), _core.num_threads()
    yield
    if _core.isa() != isa:
        _core.set_isa(isa)
    if _core.num_threads() != threads:
        _core.set_num_threads(threads)


@pytest.fixture(params=_core.isa_available())
def isa(request):
    """Every instruction set of this machine in turn."""
    _core.set_isa(request.param)
    return request.param
