"""Layer and RMS normalisation, one row at a time."""

import numpy as np


def _rows(x):
    x = np.asarray(x, np.float64)
    return x.reshape(-1, x.shape[-1])


def _or(values, default, count):
    return np.full(count, default) if values is None else np.asarray(values, np.float64)


def layer_norm(x, gamma, beta, epsilon):
    rows, shape = _rows(x), np.shape(x)
    gamma, beta = _or(gamma, 1.0, shape[-1]), _or(beta, 0.0, shape[-1])
    y, mean, scale = np.empty_like(rows), np.empty(len(rows)), np.empty(len(rows))
    for i, row in enumerate(rows):
        mean[i] = row.mean()
        scale[i] = 1.0 / np.sqrt(((row - mean[i]) ** 2).mean() + epsilon)
        y[i] = gamma * (row - mean[i]) * scale[i] + beta
    return y.reshape(shape), mean.reshape(shape[:-1]), scale.reshape(shape[:-1])


def layer_norm_grad(dy, x, gamma, mean, scale):
    """The chain rule through the standard deviation and the mean, as for batch normalisation."""
    rows, upstream = _rows(x), _rows(dy)
    count = rows.shape[1]
    gamma = _or(gamma, 1.0, count)
    mean, scale = np.float64(mean).reshape(-1), np.float64(scale).reshape(-1)
    dx, dgamma, dbeta = np.empty_like(rows), np.zeros(count), np.zeros(count)
    for i, row in enumerate(rows):
        centred = row - mean[i]
        dgamma += upstream[i] * centred * scale[i]
        dbeta += upstream[i]
        dnormal = upstream[i] * gamma
        dvariance = (dnormal * centred).sum() * -0.5 * scale[i] ** 3
        dmean = -scale[i] * dnormal.sum() + dvariance * -2.0 * centred.mean()
        dx[i] = dnormal * scale[i] + dvariance * 2.0 * centred / count + dmean / count
    return dx.reshape(np.shape(x)), dgamma, dbeta


def rms_norm(x, gamma, epsilon):
    rows, shape = _rows(x), np.shape(x)
    gamma = _or(gamma, 1.0, shape[-1])
    y, scale = np.empty_like(rows), np.empty(len(rows))
    for i, row in enumerate(rows):
        scale[i] = 1.0 / np.sqrt((row**2).mean() + epsilon)
        y[i] = gamma * row * scale[i]
    return y.reshape(shape), scale.reshape(shape[:-1])


def rms_norm_grad(dy, x, gamma, scale):
    rows, upstream = _rows(x), _rows(dy)
    count = rows.shape[1]
    gamma = _or(gamma, 1.0, count)
    scale = np.float64(scale).reshape(-1)
    dx, dgamma = np.empty_like(rows), np.zeros(count)
    for i, row in enumerate(rows):
        dgamma += upstream[i] * row * scale[i]
        dnormal = upstream[i] * gamma
        dsquare = (dnormal * row).sum() * -0.5 * scale[i] ** 3  # by the mean of squares
        dx[i] = dnormal * scale[i] + dsquare * 2.0 * row / count
    return dx.reshape(np.shape(x)), dgamma
