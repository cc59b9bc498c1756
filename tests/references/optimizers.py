"""Optimizer steps, one parameter at a time, in place as the kernels do them."""

import numpy as np


def sgd(variables, gradients, velocities, learning_rate, momentum, nesterov):
    """Keras's SGD: v = m v - lr g; w += v, or with nesterov w += m v - lr g."""
    for i, (w, g) in enumerate(zip(variables, gradients, strict=True)):
        step = -learning_rate * np.asarray(g, np.float64)
        if velocities is not None:
            velocities[i][...] = momentum * velocities[i] + step
            step = momentum * velocities[i] + step if nesterov else velocities[i]
        w[...] = w + step


def adam(variables, gradients, m, v, v_hat, learning_rate, beta_1, beta_2, epsilon, step):
    """Keras's Adam (Kingma and Ba, 2014, with the rate corrected instead of the moments)."""
    rate = learning_rate * np.sqrt(1.0 - beta_2**step) / (1.0 - beta_1**step)
    for i, (w, g) in enumerate(zip(variables, gradients, strict=True)):
        g = np.asarray(g, np.float64)
        m[i][...] = beta_1 * m[i] + (1.0 - beta_1) * g
        v[i][...] = beta_2 * v[i] + (1.0 - beta_2) * g * g
        second = v[i]
        if v_hat is not None:
            v_hat[i][...] = np.maximum(v_hat[i], v[i])
            second = v_hat[i]
        w[...] = w - rate * m[i] / (np.sqrt(second) + epsilon)
