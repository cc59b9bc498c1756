"""Activations and their gradients, straight from the definitions."""

import numpy as np

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
