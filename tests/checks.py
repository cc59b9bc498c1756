"""Running a case and comparing results: shared by all tests that walk the case lists."""

import numpy as np
from minidl import _core

from tests.cases import Case, Make

FLOATS = (np.float32, np.float64)
# Relative to the size of a single result and to the mean size of all results of an array; times
# the root of the number of terms that were added up.
FORWARD = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-13}


def run(function, case: Case, args: tuple) -> tuple[np.ndarray, ...]:
    """The results of `function`, always as a tuple; of optimizers, the arrays they changed."""
    args = [_copied(a) if i in case.changes else a for i, a in enumerate(args)]
    results = function(*args, **case.kwargs)
    if case.changes:
        assert results is None
        return tuple(array for i in case.changes for array in args[i])
    return tuple(results) if isinstance(results, tuple) else (results,)


def _copied(arrays):
    return [np.array(a) for a in arrays]


def run_kernel(case: Case, args: tuple) -> tuple[np.ndarray, ...]:
    """The results of the kernel of a case."""
    return run(getattr(_core, case.kernel), case, args)


def run_reference(function, case: Case, args: tuple) -> tuple[np.ndarray, ...]:
    """The results of the naive version, in float64 throughout."""
    args = [[np.float64(a) for a in x] if i in case.changes else x for i, x in enumerate(args)]
    # np.float64 of a 0-d array is a scalar, which could not be written to.
    args = [[np.asarray(a) for a in x] if i in case.changes else x for i, x in enumerate(args)]
    return run(function, case, tuple(args))


def make(case: Case, dtype=np.float32, seed=0, **variant) -> tuple:
    """The arguments of a case, the same for the same seed."""
    return case.make(Make(seed, dtype, **variant))


def assert_close(got, expected, tolerance: float, what: str = "") -> None:
    """Compare with errors measured against each value and against the mean size of all."""
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, expected {expected.shape}"
    if not expected.size:
        return
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite], err_msg=what)
    expected, got = expected[finite], got[finite]
    typical = np.sqrt(np.mean(expected**2)) if expected.size else 0.0
    error = np.abs(got - expected)
    allowed = tolerance * (np.abs(expected) + typical)
    wrong = ~(error <= allowed)
    if wrong.any():
        worst = np.argmax(np.where(wrong, error, -1.0))
        raise AssertionError(
            f"{what}: {wrong.sum()} of {expected.size} values are off; the worst is "
            f"{got[worst]!r} for {expected[worst]!r}, allowed error {allowed[worst]:.3g}"
        )


def assert_same_bits(got, expected, what: str = "") -> None:
    """Equal to the last bit, NaNs included."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.dtype == expected.dtype, f"{what}: {got.dtype} is not {expected.dtype}"
    assert got.shape == expected.shape, f"{what}: {got.shape} is not {expected.shape}"
    if got.tobytes() != expected.tobytes():
        different = np.flatnonzero(
            np.frombuffer(got.tobytes(), f"V{got.itemsize}")
            != np.frombuffer(expected.tobytes(), f"V{got.itemsize}")
        )
        raise AssertionError(f"{what}: {different.size} of {got.size} values differ in their bits")
