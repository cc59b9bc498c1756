"""How far exp, tanh, erf and their kin are from the truth, in units of the last place.

float32 is measured against float64, over every exponent here and over all 2^32 numbers with
`pytest -m long`; float64 against longer floats where NumPy has them.
"""

import math

import numpy as np
import pytest
from minidl import _core

FLOAT32, FLOAT64 = 2.0, 4.0  # ulp
SAMPLES = 8192  # of each sign and exponent
# Overflow, the first and the last denormal result, ends of polynomials and of what they add to.
EDGES = (
    88.722839,
    87.336545,
    103.972081,
    104,
    8,
    9,
    10,
    16.6,
    17.33,
    0.55,
    0.875,
    3.92,
    9.25,
    1,
    2,
)
BLOCK = 1 << 22
MANTISSA = {np.dtype("f4"): 24, np.dtype("f8"): 53}
SMALLEST = {np.dtype("f4"): -149, np.dtype("f8"): -1074}
LONG = np.longdouble


def sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(np.signbit(x), small, np.ones_like(x)) / (1 + small)


def erf(x):
    """A series with positive terms up to 3, a continued fraction of the complement beyond."""
    a = np.minimum(np.abs(x), x.dtype.type(30))
    series = a < 3
    result = np.empty_like(a)
    z = a[series] ** 2
    term = total = a[series]
    for n in range(1, 80):
        term = term * (2 * z / (2 * n + 1))
        total = total + term
    root = np.sqrt(np.arctan(x.dtype.type(1)) * 4)
    result[series] = 2 / root * np.exp(-z) * total
    b = a[~series]
    fraction = b
    for n in range(60, 0, -1):
        fraction = b + n / x.dtype.type(2) / fraction
    result[~series] = 1 - np.exp(-b * b) / (root * fraction)
    # of denormal numbers the product above would round early
    return np.copysign(np.where(a < 1e-150, a * (2 / root), result), x)


EXACT = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "erf": erf,
}


def exact(name, x, dtype):
    with np.errstate(all="ignore"):
        return EXACT[name](x.astype(dtype))


def worst(got, expected):
    """The largest error in ulp and its place; infinite for a wrong NaN, infinity or zero."""
    kind = got.dtype
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = expected.astype(kind)
        special = ~np.isfinite(rounded) | ~np.isfinite(got) | (expected == 0)
        same = (got == rounded) & (np.signbit(got) == np.signbit(rounded))
        same |= np.isnan(got) & np.isnan(rounded)
        if not same[special].all():
            return math.inf, int(np.flatnonzero(special & ~same)[0])
        exponent = np.maximum(np.frexp(expected)[1] - MANTISSA[kind], SMALLEST[kind])
        # In two steps: 2^1074 does not exist.
        error = np.abs(got.astype(expected.dtype) - expected)
        half = -exponent // 2
        error = np.ldexp(np.ldexp(error, half), -exponent - half)
    error[special] = 0
    place = int(np.argmax(error))
    return float(error[place]), place


def check(name, x, expected, limit):
    """One after the other on every instruction set."""
    for isa in _core.isa_available():
        _core.set_isa(isa)
        error, place = worst(getattr(_core, name)(x), expected)
        assert error <= limit, f"{name}({x[place]!r}) on {isa} is off by {error:.3g} ulp"


def every_exponent(samples):
    """float32 numbers: both signs, all exponents (those of denormals, inf and NaN too)."""
    step = (1 << 23) // samples
    rng = np.random.default_rng(0)
    within = np.arange(0, 1 << 23, step, dtype=np.uint32)
    within = within + rng.integers(0, step, samples, dtype=np.uint32)
    within[[0, -1]] = 0, (1 << 23) - 1
    bits = np.add.outer(np.arange(512, dtype=np.uint32) << np.uint32(23), within)
    return bits.reshape(-1).view(np.float32)


@pytest.mark.parametrize("name", EXACT)
def test_float32_at_every_exponent(name):
    # The range in which something happens is looked at more closely, and where formulas change.
    dense = np.linspace(-104.5, 104.5, 1 << 20).astype(np.float32)
    edges = np.array(EDGES, np.float32).view(np.uint32)[:, None] + np.arange(-999, 1000)
    edges = edges.astype(np.uint32).view(np.float32).reshape(-1)
    for x in (every_exponent(SAMPLES), dense, dense / 16, edges, -edges):
        check(name, x, exact(name, x, np.float64), FLOAT32)


@pytest.mark.skipif(np.finfo(LONG).nmant <= 52, reason="NumPy has no longer floats here")
@pytest.mark.parametrize("name", EXACT)
def test_float64(name):
    rng = np.random.default_rng(1)
    size = 100_000
    anything = rng.integers(0, 2**63, size, dtype=np.int64).view(np.float64)
    spread = rng.standard_normal(size) * 2.0 ** rng.integers(-40, 10, size)
    x = np.concatenate([anything, -anything, spread, rng.uniform(-750, 750, size)])
    check(name, x, exact(name, x, LONG), FLOAT64)


def test_the_error_function_used_here():
    x = np.concatenate([np.linspace(-7, 7, 5001), 10.0 ** np.linspace(-300, 2, 500)])
    expected = np.array([math.erf(v) for v in x.tolist()])
    np.testing.assert_allclose(erf(x), expected, rtol=2e-15)


def test_the_measure_of_errors():
    x = np.array([1.0, 2.0, 1e-45, 3e38], np.float32)
    up = np.nextafter(x, np.float32(np.inf))
    assert worst(x, x.astype(np.float64)) == (0, 0)
    for i in range(len(x)):
        assert worst(up[i : i + 1], x[i : i + 1].astype(np.float64))[0] == 1
    assert worst(np.float32([1, np.inf]), np.array([1.0, 1e38])) == (math.inf, 1)
    assert worst(np.float32([1, -0.0]), np.array([1.0, 0.0])) == (math.inf, 1)


@pytest.mark.long
@pytest.mark.parametrize("name", EXACT)
def test_float32_at_all_numbers(name):
    for start in range(0, 1 << 32, BLOCK):
        x = np.arange(start, start + BLOCK, dtype=np.uint32).view(np.float32)
        check(name, x, exact(name, x, np.float64), FLOAT32)
