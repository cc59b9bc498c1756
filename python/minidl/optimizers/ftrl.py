"""Ftrl: follow the regularised leader, for sparse linear models."""

from __future__ import annotations

from .. import _core, initializers
from ._arguments import at_least_0, number, with_common_arguments
from .optimizer import Optimizer


class Ftrl(Optimizer):
    """Each weight is the minimum of a quadratic that all gradients so far have shaped.

    Args:
        learning_rate: Positive. Defaults to 0.001.
        learning_rate_power: At most 0: how the rate falls with the sum of squared gradients.
            Defaults to -0.5.
        initial_accumulator_value: What these sums start from, at least 0. Defaults to 0.1.
        l1_regularization_strength: Pulls weights to exactly 0. Defaults to 0.
        l2_regularization_strength: Penalty that stabilises. Defaults to 0.
        l2_shrinkage_regularization_strength: Penalty on the size of weights. Defaults to 0.
        beta: The paper's beta. Defaults to 0.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"ftrl"`.

    Raises:
        ValueError: a value out of the range above; see `Optimizer` for the rest.

    Source: `keras.optimizers.Ftrl`; McMahan et al. 2013.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.Ftrl(0.1).apply([minidl.Tensor([3.0])], [w])
    >>> w.numpy().round(3)
    array([0.796], dtype=float32)
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate=0.001,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        l2_shrinkage_regularization_strength=0.0,
        beta=0.0,
        **common,
    ):
        number(
            "learning_rate_power", learning_rate_power, -1e300, 0, "a finite number of at most 0"
        )
        own = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "beta": beta,
        }
        for name, value in own.items():
            at_least_0(name, value)
        super().__init__(learning_rate, **common)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        start = initializers.Constant(self.initial_accumulator_value)
        self._accumulators, self._linears = self.add_optimizer_variables(
            self._trainable_variables, ("accumulator", "linear"), (start, "zeros")
        )

    def _fused(self, arrays, grads, slots, rate, keep):
        _core.ftrl(
            arrays,
            grads,
            slots["accumulator"],
            slots["linear"],
            rate,
            self.learning_rate_power,
            self.l1_regularization_strength,
            self.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength,
            self.beta,
            keep,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
