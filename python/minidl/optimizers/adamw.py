"""AdamW: Adam with weight decay beside the gradient step."""

from __future__ import annotations

from ._arguments import with_common_arguments
from .adam import Adam


class AdamW(Adam):
    """Adam whose weights also shrink by `weight_decay * learning_rate` each step.

    Args:
        learning_rate: Defaults to 0.001.
        weight_decay: Defaults to 0.004.
        beta_1: Decay of the mean of gradients, in [0, 1). Defaults to 0.9.
        beta_2: Decay of the mean of squared gradients, in [0, 1). Defaults to 0.999.
        epsilon: Keeps the division finite. Defaults to 1e-7.
        amsgrad: Whether the largest v so far is used. Defaults to False.
        clipnorm: See `Optimizer`, as are the arguments that follow it.
        name: Defaults to `"adam_w"`.

    Raises:
        ValueError: `weight_decay` is None; see `Adam` for the rest.

    Source: `keras.optimizers.AdamW`; Loshchilov and Hutter 2019.

    >>> import minidl
    >>> w = minidl.Variable([1.0])
    >>> minidl.optimizers.AdamW(0.1, weight_decay=0.5).apply([minidl.Tensor([5.0])], [w])
    >>> w.numpy().round(3)
    array([0.85], dtype=float32)
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate=0.001,
        weight_decay=0.004,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        **common,
    ):
        if weight_decay is None:
            raise ValueError(
                "AdamW needs a number as `weight_decay`; without decay use Adam. "
                "Received: weight_decay=None"
            )
        common["weight_decay"] = weight_decay
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, **common)
