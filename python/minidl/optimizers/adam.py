"""Adam: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

from .. import _core
from ._arguments import at_least_0, beta, with_common_arguments
from .optimizer import Optimizer


class Adam(Optimizer):
    """Adaptive moments: `w -= alpha * m / (sqrt(v) + epsilon)` with bias-corrected alpha.

    Args:
        learning_rate: Defaults to 0.001.
        beta_1: Decay of the mean of gradients, in [0, 1). Defaults to 0.9.
        beta_2: Decay of the mean of squared gradients, in [0, 1). Defaults to 0.999.
        epsilon: Keeps the division finite. Defaults to 1e-7.
        amsgrad: Whether the largest v so far is used. Defaults to False.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"adam"`.

    Raises:
        ValueError: a beta outside [0, 1), a negative epsilon; see `Optimizer` for the rest.

    Source: `keras.optimizers.Adam`; Kingma and Ba 2014; Reddi et al. 2018 (amsgrad).

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.Adam(0.1).apply([minidl.Tensor([5.0])], [w])
    >>> w.numpy().round(3)
    array([0.9], dtype=float32)
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        **common,
    ):
        beta("beta_1", beta_1)
        beta("beta_2", beta_2)
        at_least_0("epsilon", epsilon)
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        mine = self._trainable_variables
        self._momentums, self._velocities = self.add_optimizer_variables(
            mine, ("momentum", "velocity")
        )
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(mine, "velocity_hat")

    def _fused(self, arrays, grads, slots, rate, keep):
        _core.adam(
            arrays,
            grads,
            slots["momentum"],
            slots["velocity"],
            slots.get("velocity_hat"),
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
            "amsgrad": self.amsgrad,
        }
