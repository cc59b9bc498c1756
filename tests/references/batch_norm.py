"""Batch normalisation, one channel at a time."""

import numpy as np


def _channels(x):
    x = np.asarray(x, np.float64)
    return x.reshape(-1, x.shape[-1])


def _or(values, default, channels):
    return np.full(channels, default) if values is None else np.asarray(values, np.float64)


def batch_norm(x, gamma, beta, epsilon):
    flat = _channels(x)
    channels = flat.shape[1]
    mean, variance = np.empty(channels), np.empty(channels)
    for c in range(channels):
        mean[c] = flat[:, c].mean()
        variance[c] = ((flat[:, c] - mean[c]) ** 2).mean()
    return batch_norm_inference(x, gamma, beta, mean, variance, epsilon), mean, variance


def batch_norm_inference(x, gamma, beta, mean, variance, epsilon):
    flat = _channels(x)
    channels = flat.shape[1]
    gamma, beta = _or(gamma, 1.0, channels), _or(beta, 0.0, channels)
    mean, variance = np.float64(mean), np.float64(variance)
    y = np.empty_like(flat)
    for c in range(channels):
        y[:, c] = gamma[c] * (flat[:, c] - mean[c]) / np.sqrt(variance[c] + epsilon) + beta[c]
    return y.reshape(np.shape(x))


def batch_norm_grad(dy, x, gamma, mean, variance, epsilon):
    """The chain rule in the order of the original paper (Ioffe and Szegedy, 2015)."""
    flat, upstream = _channels(x), _channels(dy)
    count, channels = flat.shape
    gamma = _or(gamma, 1.0, channels)
    mean, variance = np.float64(mean), np.float64(variance)
    dx, dgamma, dbeta = np.empty_like(flat), np.empty(channels), np.empty(channels)
    for c in range(channels):
        centred = flat[:, c] - mean[c]
        scale = 1.0 / np.sqrt(variance[c] + epsilon)
        dgamma[c] = (upstream[:, c] * centred * scale).sum()
        dbeta[c] = upstream[:, c].sum()
        dnormal = upstream[:, c] * gamma[c]
        dvariance = (dnormal * centred).sum() * -0.5 * scale**3
        dmean = -scale * dnormal.sum() + dvariance * -2.0 * centred.mean()
        dx[:, c] = dnormal * scale + dvariance * 2.0 * centred / count + dmean / count
    return dx.reshape(np.shape(x)), dgamma, dbeta
