"""RMSprop: steps scaled by a running mean of the squared gradient."""

from __future__ import annotations

from .. import _core
from ._arguments import at_least_0, number, with_common_arguments
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

    Raises:
        ValueError: rho outside [0, 1], a negative momentum or epsilon; see `Optimizer`.

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
        number("rho", rho, 0, 1, "a number in [0, 1]")
        at_least_0("momentum", momentum)
        at_least_0("epsilon", epsilon)
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

    def _fused(self, arrays, grads, slots, rate, keep):
        _core.rmsprop(
            arrays,
            grads,
            slots["velocity"],
            slots.get("momentum"),
            slots.get("average_gradient"),
            rate,
            self.rho,
            self.momentum,
            self.epsilon,
            keep,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
