"""Group normalisation, one image and one group at a time."""

import numpy as np


def _images(x):
    x = np.asarray(x, np.float64)
    return x.reshape(x.shape[0], int(np.prod(x.shape[1:-1])), x.shape[-1])


def _or(values, default, channels):
    return np.full(channels, default) if values is None else np.asarray(values, np.float64)


def group_norm(x, gamma, beta, groups, epsilon):
    images = _images(x)
    channels = images.shape[2]
    gamma, beta = _or(gamma, 1.0, channels), _or(beta, 0.0, channels)
    size = channels // groups
    y = np.empty_like(images)
    mean, scale = np.empty((2, len(images), groups))
    for i, image in enumerate(images):
        for g in range(groups):
            part = slice(g * size, (g + 1) * size)
            mean[i, g] = image[:, part].mean()
            scale[i, g] = 1.0 / np.sqrt(((image[:, part] - mean[i, g]) ** 2).mean() + epsilon)
            y[i, :, part] = gamma[part] * (image[:, part] - mean[i, g]) * scale[i, g] + beta[part]
    return y.reshape(np.shape(x)), mean, scale


def group_norm_grad(dy, x, gamma, mean, scale):
    """The chain rule through the standard deviation and the mean, as for batch normalisation."""
    images, upstream = _images(x), _images(dy)
    channels = images.shape[2]
    gamma = _or(gamma, 1.0, channels)
    mean, scale = np.float64(mean), np.float64(scale)
    groups = mean.shape[1]
    size = channels // groups
    dx, dgamma, dbeta = np.empty_like(images), np.zeros(channels), np.zeros(channels)
    for i in range(len(images)):
        for g in range(groups):
            part, s = slice(g * size, (g + 1) * size), scale[i, g]
            centred, dy_part = images[i][:, part] - mean[i, g], upstream[i][:, part]
            dgamma[part] += (dy_part * centred * s).sum(0)
            dbeta[part] += dy_part.sum(0)
            dnormal = dy_part * gamma[part]
            dvariance = (dnormal * centred).sum() * -0.5 * s**3
            dmean = -s * dnormal.sum() + dvariance * -2.0 * centred.mean()
            dx[i][:, part] = dnormal * s + (dvariance * 2.0 * centred + dmean) / centred.size
    return dx.reshape(np.shape(x)), dgamma, dbeta
