"""Base of the layers that add or multiply Gaussian noise in training."""

from __future__ import annotations

from typing import Any

from .._tape import Tensor, wrap
from ..random import SeedGenerator, normal
from ._activation_layers import number
from .layer import Layer


class Noise(Layer):
    """A layer that passes its input through outside training."""

    def __init__(self, seed: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def _normal(self, like: Tensor, mean: float, stddev: float) -> Tensor:
        return wrap(normal(like.shape, mean, stddev, like.dtype, self.seed_generator))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


def share(value: Any, name: str) -> Any:
    """`value`, a number in [0, 1], as it was given."""
    if number(value, name, 0) > 1:
        raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={value!r}")
    return value
