"""Optimizer steps, one parameter at a time, in place as the kernels do them.

`keep` is None or one factor per variable that it is multiplied by first (weight decay).
"""

import numpy as np


def _all(variables, gradients, keep, *slots):
    """Each variable after decay, its gradient in float64, and its slots."""
    for i, (w, g) in enumerate(zip(variables, gradients, strict=True)):
        if keep is not None:
            w[...] = w * keep[i]
        yield w, np.asarray(g, np.float64), *(None if s is None else s[i] for s in slots)


def sgd(variables, gradients, velocities, learning_rate, momentum, nesterov, keep=None):
    """Keras's SGD: v = m v - lr g; w += v, or with nesterov w += m v - lr g."""
    for w, g, v in _all(variables, gradients, keep, velocities):
        step = -learning_rate * g
        if v is not None:
            v[...] = momentum * v + step
            step = momentum * v + step if nesterov else v
        w[...] = w + step


def adam(
    variables, gradients, m, v, v_hat, learning_rate, beta_1, beta_2, epsilon, step, keep=None
):
    """Keras's Adam (Kingma and Ba, 2014, with the rate corrected instead of the moments)."""
    rate = learning_rate * np.sqrt(1.0 - beta_2**step) / (1.0 - beta_1**step)
    for w, g, mean, second, highest in _all(variables, gradients, keep, m, v, v_hat):
        mean[...] = beta_1 * mean + (1.0 - beta_1) * g
        second[...] = beta_2 * second + (1.0 - beta_2) * g * g
        if highest is not None:
            highest[...] = np.maximum(highest, second)
            second = highest
        w[...] = w - rate * mean / (np.sqrt(second) + epsilon)


def adamax(variables, gradients, m, u, learning_rate, beta_1, beta_2, epsilon, step, keep=None):
    """Adam with the running maximum of |g|."""
    for w, g, mean, top in _all(variables, gradients, keep, m, u):
        mean[...] = beta_1 * mean + (1.0 - beta_1) * g
        top[...] = np.maximum(beta_2 * top, np.abs(g))
        w[...] = w - learning_rate * mean / ((1.0 - beta_1**step) * (top + epsilon))


def nadam(
    variables, gradients, m, v, learning_rate, beta_1, beta_2, epsilon, step, product, keep=None
):
    """Dozat's Nadam; `product` is that of all momentum factors u up to this step."""
    now, later = (beta_1 * (1.0 - 0.5 * 0.96**t) for t in (step, step + 1))
    for w, g, mean, second in _all(variables, gradients, keep, m, v):
        mean[...] = beta_1 * mean + (1.0 - beta_1) * g
        second[...] = beta_2 * second + (1.0 - beta_2) * g * g
        m_hat = later * mean / (1.0 - product * later) + (1.0 - now) * g / (1.0 - product)
        v_hat = second / (1.0 - beta_2**step)
        w[...] = w - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


def rmsprop(
    variables,
    gradients,
    velocities,
    momentums,
    means,
    learning_rate,
    rho,
    momentum,
    epsilon,
    keep=None,
):
    """Tieleman and Hinton's RMSprop; with `means` the variance instead of the square."""
    for w, g, v, m, mean in _all(variables, gradients, keep, velocities, momentums, means):
        v[...] = rho * v + (1.0 - rho) * g * g
        spread = v + epsilon
        if mean is not None:
            mean[...] = rho * mean + (1.0 - rho) * g
            spread = spread - mean**2
        step = learning_rate * g / np.sqrt(spread)
        if m is not None:
            m[...] = momentum * m + step
            step = m
        w[...] = w - step


def adagrad(variables, gradients, sums, learning_rate, epsilon, keep=None):
    """Duchi et al.: each rate shrinks with the sum of squared gradients."""
    for w, g, total in _all(variables, gradients, keep, sums):
        total[...] = total + g * g
        w[...] = w - learning_rate * g / np.sqrt(total + epsilon)


def adadelta(variables, gradients, squares, changes, learning_rate, rho, epsilon, keep=None):
    """Zeiler: steps of the size of earlier steps."""
    for w, g, square, change in _all(variables, gradients, keep, squares, changes):
        square[...] = rho * square + (1.0 - rho) * g * g
        step = np.sqrt(change + epsilon) * g / np.sqrt(square + epsilon)
        change[...] = rho * change + (1.0 - rho) * step * step
        w[...] = w - learning_rate * step


def lion(variables, gradients, m, learning_rate, beta_1, beta_2, keep=None):
    """Chen et al.: the sign of an interpolation between momentum and gradient."""
    for w, g, mean in _all(variables, gradients, keep, m):
        w[...] = w - learning_rate * np.sign(beta_1 * mean + (1.0 - beta_1) * g)
        mean[...] = beta_2 * mean + (1.0 - beta_2) * g


def ftrl(
    variables,
    gradients,
    sums,
    linears,
    learning_rate,
    power,
    l1,
    l2,
    shrinkage,
    beta,
    keep=None,
):
    """McMahan et al.'s FTRL-Proximal, as Keras has it."""
    l2 = l2 + beta / (2.0 * learning_rate)
    for w, g, total, linear in _all(variables, gradients, keep, sums, linears):
        new = total + g * g
        sigma = (new**-power - total**-power) / learning_rate
        linear[...] = linear + g + 2.0 * shrinkage * w - sigma * w
        quadratic = new**-power / learning_rate + 2.0 * l2
        w[...] = (np.clip(linear, -l1, l1) - linear) / quadratic
        total[...] = new
