"""Adagrad: each rate shrinks with the sum of the squared gradients seen so far."""

from __future__ import annotations

from .. import _core, initializers
from ._arguments import at_least_0, with_common_arguments
from .optimizer import Optimizer


class Adagrad(Optimizer):
    """`s += g**2; w -= lr * g / sqrt(s + epsilon)`.

    Args:
        learning_rate: Defaults to 0.001; the paper uses 1.
        initial_accumulator_value: What the sums start from, at least 0. Defaults to 0.1.
        epsilon: Keeps the division finite. Defaults to 1e-7.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"adagrad"`.

    Raises:
        ValueError: a negative start or epsilon; see `Optimizer` for the rest.

    Source: `keras.optimizers.Adagrad`; Duchi et al. 2011.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.Adagrad(0.1).apply([minidl.Tensor([3.0])], [w])
    >>> w.numpy().round(3)
    array([0.901], dtype=float32)
    """

    @with_common_arguments
    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **common):
        at_least_0("initial_accumulator_value", initial_accumulator_value)
        at_least_0("epsilon", epsilon)
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_optimizer_variables(
            self._trainable_variables,
            "accumulator",
            initializers.Constant(self.initial_accumulator_value),
        )

    def _fused(self, arrays, grads, slots, rate, keep):
        _core.adagrad(arrays, grads, slots["accumulator"], rate, self.epsilon, keep)

    def get_config(self):
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
