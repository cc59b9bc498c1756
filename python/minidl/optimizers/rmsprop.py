"""RMSprop: steps scaled by a running mean of the squared gradient."""

from __future__ import annotations

import numpy as np

from ._arguments import with_common_arguments
from .optimizer import Optimizer


class RMSprop(Optimizer):
    """`v = rho * v + (1 - rho) * g**2; w -= lr * g / sqrt(v + epsilon)`.

    Args:
        learning_rate: Defaults to 0.001.
        rho: Decay of the mean of squared gradients. Defaults to 0.9.
        momentum: Share of the last step that is added. Defaults to 0.
        epsilon: Keeps the division finite. Defaults to 1e-7.
        centered: Whether the gradient's running variance is used. Defaults to False.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"rmsprop"`.

    Source: `keras.optimizers.RMSprop`; Tieleman and Hinton 2012.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.RMSprop(0.1).apply([minidl.Tensor([1.0])], [w])
    >>> w.numpy().round(3)
    array([0.684], dtype=float32)
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate=0.001,
        rho=0.9,
        momentum=0.0,
        epsilon=1e-7,
        centered=False,
        **common,
    ):
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        mine = self._trainable_variables
        self._velocities = self.add_optimizer_variables(mine, "velocity")
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(mine, "momentum")
        if self.centered:
            self._average_gradients = self.add_optimizer_variables(mine, "average_gradient")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        g, w = gradient.data, variable.data
        one = w.dtype.type
        rho, rest = one(self.rho), one(1 - self.rho)
        v = self._velocities[i].data
        v *= rho
        v += rest * np.square(g)
        denominator = v + one(self.epsilon)
        if self.centered:
            mean = self._average_gradients[i].data
            mean *= rho
            mean += rest * g
            denominator -= np.square(mean)
        step = one(learning_rate) * g / np.sqrt(denominator)
        if self.momentum > 0:
            m = self._momentums[i].data
            m *= one(self.momentum)
            m += step
            step = m
        w -= step

    def get_config(self):
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
