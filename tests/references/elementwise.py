"""Element by element, straight from the definitions."""

import numpy as np

f64 = np.float64


def add(x1, x2):
    return f64(x1) + f64(x2)


def subtract(x1, x2):
    return f64(x1) - f64(x2)


def multiply(x1, x2):
    return f64(x1) * f64(x2)


def divide(x1, x2):
    with np.errstate(divide="ignore", invalid="ignore"):
        return f64(x1) / f64(x2)


def maximum(x1, x2):
    return np.maximum(f64(x1), f64(x2))


def minimum(x1, x2):
    return np.minimum(f64(x1), f64(x2))


def negative(x):
    return -f64(x)


def exp(x):
    with np.errstate(over="ignore"):
        return np.exp(f64(x))


def log(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(f64(x))


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
