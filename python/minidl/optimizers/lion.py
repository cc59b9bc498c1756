"""Lion: steps of one size, in the direction of the sign of a momentum."""

from __future__ import annotations

from .. import _core
from ._arguments import number, with_common_arguments
from .optimizer import Optimizer


class Lion(Optimizer):
    """`w -= lr * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g`.

    Args:
        learning_rate: Defaults to 0.001; about a tenth of Adam's suits.
        beta_1: Share of the momentum in the step, in (0, 1]. Defaults to 0.9.
        beta_2: Decay of the momentum, in [0, 1]. Defaults to 0.99.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"lion"`.

    Raises:
        ValueError: a beta out of range; see `Optimizer` for the rest.

    Source: `keras.optimizers.Lion`; Chen et al. 2023.

    >>> import minidl
    >>> w = minidl.Variable([1.0, 1.0])
    >>> minidl.optimizers.Lion(0.1).apply([minidl.Tensor([5.0, -0.01])], [w])
    >>> w.numpy().round(3)
    array([0.9, 1.1], dtype=float32)
    """

    @with_common_arguments
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **common):
        number("beta_1", beta_1, 1e-300, 1, "a number in (0, 1]")
        number("beta_2", beta_2, 0, 1, "a number in [0, 1]")
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(self._trainable_variables, "momentum")

    def _fused(self, arrays, grads, slots, rate, keep):
        _core.lion(arrays, grads, slots["momentum"], rate, self.beta_1, self.beta_2, keep)

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
