"""SGD: stochastic gradient descent."""

from __future__ import annotations

from .. import _core
from ._arguments import number, with_common_arguments
from .optimizer import Optimizer


class SGD(Optimizer):
    """`w -= lr * g`; with momentum `v = momentum * v - lr * g; w += v`.

    Args:
        learning_rate: Defaults to 0.01.
        momentum: In [0, 1]. Defaults to 0.
        nesterov: Whether the step looks ahead: `w += momentum * v - lr * g`.
        weight_decay: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"SGD"`.

    Raises:
        ValueError: momentum outside [0, 1]; see `Optimizer` for the rest.

    Source: `keras.optimizers.SGD`; Sutskever et al. 2013.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> optimizer = minidl.optimizers.SGD(0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.apply([minidl.Tensor([1.0])], [w])
    >>> w.numpy().round(3)
    array([0.71], dtype=float32)
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate=0.01,
        momentum=0.0,
        nesterov=False,
        **common,
    ):
        number("momentum", momentum, 0, 1, "a number in [0, 1]")
        super().__init__(learning_rate, **common)
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        if self.momentum != 0:
            self.momentums = self.add_optimizer_variables(self._trainable_variables, "momentum")

    def _fused(self, arrays, grads, slots, rate, keep):
        velocities = slots.get("momentum")
        _core.sgd(arrays, grads, velocities, rate, self.momentum, self.nesterov, keep)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
