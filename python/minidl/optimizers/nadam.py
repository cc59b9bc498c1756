"""Nadam: Adam that looks ahead along its momentum, as Nesterov does."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._tape import Variable
from ..config import floatx
from ._arguments import at_least_0, beta, with_common_arguments
from .optimizer import Optimizer


class Nadam(Optimizer):
    """Adam with Nesterov momentum, whose share grows from half of `beta_1` to `beta_1`.

    Args:
        learning_rate: Defaults to 0.001.
        beta_1: Decay of the mean of gradients, in [0, 1). Defaults to 0.9.
        beta_2: Decay of the mean of squared gradients, in [0, 1). Defaults to 0.999.
        epsilon: Keeps the division finite. Defaults to 1e-7.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"nadam"`.

    Raises:
        ValueError: a beta outside [0, 1), a negative epsilon; see `Optimizer` for the rest.

    Source: `keras.optimizers.Nadam`; Dozat 2016.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.Nadam(0.1).apply([minidl.Tensor([5.0])], [w])
    >>> w.numpy().round(3)
    array([0.894], dtype=float32)
    """

    @with_common_arguments
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **common):
        beta("beta_1", beta_1)
        beta("beta_2", beta_2)
        at_least_0("epsilon", epsilon)
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        mine = self._trainable_variables
        self._momentums, self._velocities = self.add_optimizer_variables(
            mine, ("momentum", "velocity")
        )
        # the product of all momentum factors so far
        dtype = mine[0].data.dtype if mine else floatx()
        self._u_product = Variable(np.ones((), dtype), trainable=False, name="variable")
        self._variables.append(self._u_product)

    def _update(self, plan, grads, rate):
        factor = self.beta_1 * (1.0 - 0.5 * 0.96 ** self._step_number())
        self._u_product.assign(self._u_product.data * factor)
        super()._update(plan, grads, rate)

    def _fused(self, arrays, grads, slots, rate, keep):
        _core.nadam(
            arrays,
            grads,
            slots["momentum"],
            slots["velocity"],
            rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            self._step_number(),
            float(self._u_product.data),
            keep,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
