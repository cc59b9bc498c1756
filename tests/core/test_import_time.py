"""Importing minidl is light: 60 ms beyond NumPy, and nothing heavy comes with it."""

from tests.processes import output_of

TIMED = """
    import time
    import numpy
    begin = time.perf_counter()
    import minidl
    print(time.perf_counter() - begin)
"""
HEAVY = ("h5py", "PIL", "matplotlib", "onnx", "torch", "keras", "tensorflow", "scipy", "pandas")


def test_import_takes_60_ms_beyond_numpy(tmp_path):
    # With bytecode, as pip installs it, even where this environment would write none.
    cached = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    output_of(TIMED, **cached)  # the first run writes it and fills the page cache
    times = [float(output_of(TIMED, **cached)) for _ in range(7)]
    assert min(times) <= 0.060, f"import minidl takes {1000 * min(times):.0f} ms beyond numpy"


def test_import_brings_nothing_heavy():
    code = f"import sys, minidl; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    assert output_of(code) == "[]"


def test_import_starts_no_threads_and_keeps_memory_low():
    code = """
        import minidl
        fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(fields["VmRSS"].split()[0])
    """
    numpy_only = int(output_of(code.replace("minidl", "numpy")))
    assert int(output_of(code)) - numpy_only <= 40 * 1024
