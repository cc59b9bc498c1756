"""Adadelta: steps as large as the steps before, so that no rate need be chosen."""

from __future__ import annotations

from .. import _core
from ._arguments import at_least_0, number, with_common_arguments
from .optimizer import Optimizer


class Adadelta(Optimizer):
    """`w -= lr * sqrt(d + epsilon) / sqrt(s + epsilon) * g`, with running means s of the squared
    gradient and d of the squared step.

    Args:
        learning_rate: Defaults to 0.001; the paper uses 1.
        rho: Decay of the running means, in [0, 1]. Defaults to 0.95.
        epsilon: What the first step grows from. Defaults to 1e-7.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"adadelta"`.

    Raises:
        ValueError: rho outside [0, 1], a negative epsilon; see `Optimizer` for the rest.

    Source: `keras.optimizers.Adadelta`; Zeiler 2012.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.Adadelta(1.0).apply([minidl.Tensor([3.0])], [w])
    >>> w.numpy().round(4)
    array([0.9986], dtype=float32)
    """

    @with_common_arguments
    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **common):
        number("rho", rho, 0, 1, "a number in [0, 1]")
        at_least_0("epsilon", epsilon)
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            self._trainable_variables, ("accumulated_grad", "accumulated_delta_var")
        )

    def _fused(self, arrays, grads, slots, rate, keep):
        squares, changes = slots["accumulated_grad"], slots["accumulated_delta_var"]
        _core.adadelta(arrays, grads, squares, changes, rate, self.rho, self.epsilon, keep)

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
