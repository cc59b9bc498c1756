"""Adamax: Adam with the largest gradient seen lately in place of the second moment."""

from __future__ import annotations

from .. import _core
from ._arguments import at_least_0, beta, with_common_arguments
from .optimizer import Optimizer


class Adamax(Optimizer):
    """`u = max(beta_2 * u, |g|); w -= lr / (1 - beta_1**t) * m / (u + epsilon)`.

    Args:
        learning_rate: Defaults to 0.001.
        beta_1: Decay of the mean of gradients, in [0, 1). Defaults to 0.9.
        beta_2: Decay of the running maximum, in [0, 1). Defaults to 0.999.
        epsilon: Keeps the division finite. Defaults to 1e-7.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"adamax"`.

    Raises:
        ValueError: a beta outside [0, 1), a negative epsilon; see `Optimizer` for the rest.

    Source: `keras.optimizers.Adamax`; Kingma and Ba 2014, section 7.1.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.Adamax(0.1).apply([minidl.Tensor([5.0])], [w])
    >>> w.numpy().round(3)
    array([0.9], dtype=float32)
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
        self._m, self._u = self.add_optimizer_variables(
            self._trainable_variables, ("momentum", "norm")
        )

    def _fused(self, arrays, grads, slots, rate, keep):
        _core.adamax(
            arrays,
            grads,
            slots["momentum"],
            slots["norm"],
            rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            self._step_number(),
            keep,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
