"""Element by element, straight from the definitions."""

import math

import numpy as np

f64 = np.float64


def add(x, y):
    return f64(x) + f64(y)


def subtract(x, y):
    return f64(x) - f64(y)


def multiply(x, y):
    return f64(x) * f64(y)


def divide(x, y):
    with np.errstate(divide="ignore", invalid="ignore"):
        return f64(x) / f64(y)


def maximum(x, y):
    return np.maximum(f64(x), f64(y))


def minimum(x, y):
    return np.minimum(f64(x), f64(y))


def negative(x):
    return -f64(x)


def exp(x):
    with np.errstate(over="ignore"):
        return np.exp(f64(x))


def expm1(x):
    with np.errstate(over="ignore"):
        return np.expm1(f64(x))


def log(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(f64(x))


def log1p(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log1p(f64(x))


def erf(x):
    return np.vectorize(math.erf, otypes=[f64])(x)


def sqrt(x):
    with np.errstate(invalid="ignore"):
        return np.sqrt(f64(x))


def rsqrt(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1.0 / np.sqrt(f64(x))


def square(x):
    return f64(x) * f64(x)


def absolute(x):
    return np.abs(f64(x))
