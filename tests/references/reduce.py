"""Sums, means and extremes over any axes."""

import numpy as np


def _over(function, x, axes, keepdims):
    return function(np.asarray(x, np.float64), axis=tuple(axes), keepdims=keepdims)


def sum(x, axes, keepdims=False):
    return _over(np.sum, x, axes, keepdims)


def mean(x, axes, keepdims=False):
    return _over(np.mean, x, axes, keepdims)


def max(x, axes, keepdims=False):
    return _over(np.max, x, axes, keepdims)


def min(x, axes, keepdims=False):
    return _over(np.min, x, axes, keepdims)
