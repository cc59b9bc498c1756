"""Activations and their gradients, straight from the definitions."""

import math

import numpy as np

from tests.references.elementwise import erf

f64 = np.float64


def tanh(x):
    return np.tanh(f64(x))


def sigmoid(x):
    # Two branches, so that the exponential never overflows.
    x = f64(x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def tanh_grad(dy, y):
    return f64(dy) * (1.0 - f64(y) ** 2)


def sigmoid_grad(dy, y):
    return f64(dy) * f64(y) * (1.0 - f64(y))


def relu(x, negative_slope=0.0, max_value=np.inf, threshold=0.0):
    x = f64(x)
    with np.errstate(invalid="ignore"):
        below = negative_slope * (x - threshold) if negative_slope else np.zeros_like(x)
    y = np.where(x >= max_value, max_value, np.where(x >= threshold, x, below))
    return np.where(np.isnan(x), x, y)


def relu_grad(dy, x, negative_slope=0.0, max_value=np.inf, threshold=0.0):
    dy, x = f64(dy), f64(x)
    below = negative_slope * dy if negative_slope else np.zeros_like(dy)
    return np.where(x > threshold, np.where(x < max_value, dy, 0.0), below)


def elu(x, alpha=1.0):
    x = f64(x)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def elu_grad(dy, y, alpha=1.0):
    # Written with the output: where y <= 0 the slope is alpha * exp(x) = y + alpha.
    dy, y = f64(dy), f64(y)
    return np.where(y > 0, dy, dy * (y + alpha))


def softplus(x):
    return np.logaddexp(f64(x), 0.0)


def softplus_grad(dy, x):
    return f64(dy) * sigmoid(x)


def silu(x):
    return f64(x) * sigmoid(x)


def silu_grad(dy, x):
    s = sigmoid(x)
    return f64(dy) * s * (1.0 + f64(x) * (1.0 - s))


def gelu(x, approximate=True):
    x = f64(x)
    if approximate:
        return 0.5 * x * (1.0 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


def gelu_tail(x):
    """The exact one for x <= 0, from the complement of erf: nothing cancels."""
    x = f64(x)
    return 0.5 * x * np.vectorize(math.erfc, otypes=[f64])(-x * math.sqrt(0.5))


def gelu_grad(dy, x, approximate=True):
    x = f64(x)
    if approximate:
        t = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        inner = math.sqrt(2 / math.pi) * (1.0 + 3 * 0.044715 * x**2)
        return dy * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t**2) * inner)
    density = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
    return dy * (0.5 * (1.0 + erf(x * math.sqrt(0.5))) + x * density)


BLOCK = 32768  # elements that share a pair of keys


def dropout(x, rate, seed):
    """Kept where the number of (seed, flat index) is at least rate; see the kernel's two mixes."""
    x = f64(x)
    flat = x.reshape(-1)
    y = np.empty_like(flat)
    for block in range(0, flat.size, BLOCK):
        part = flat[block : block + BLOCK]
        key = _mix64(_mix64(seed) ^ (block // BLOCK))
        numbers = _mix32(np.arange(part.size, dtype=np.uint64), key & 0xFFFFFFFF, key >> 32)
        y[block : block + BLOCK] = np.where(numbers >= rate * 2**32, part / (1.0 - rate), 0.0)
    return y.reshape(x.shape)


def _mix64(z):
    """splitmix64 (Steele, Lea and Flood, 2014) in Python integers."""
    mask = 2**64 - 1
    z = (z + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def _mix32(index, first, second):
    """A 32-bit number for each index, in 64-bit integers cut to 32 after every step."""
    mask, first, second = np.uint64(2**32 - 1), np.uint64(first), np.uint64(second)
    u = np.uint64
    h = index ^ first
    h = ((h ^ (h >> u(16))) * u(0x7FEB352D)) & mask
    h = (((h ^ (h >> u(15))) + second) & mask) * u(0x846CA68B) & mask
    h = ((h ^ (h >> u(16))) * u(0x9E3779B1)) & mask
    return h ^ (h >> u(15))
