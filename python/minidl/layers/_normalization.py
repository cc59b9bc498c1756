"""Scale and shift after normalisation: the half that batch, layer and group normalisation share."""

from __future__ import annotations

from typing import Any

from .. import constraints, initializers, regularizers
from .layer import Layer


class ScaleAndShift(Layer):
    """A layer with weights gamma and beta, each where it is wanted."""

    gamma: Any = None
    beta: Any = None

    def _set_scale_and_shift(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
    ) -> None:
        self.epsilon = read_epsilon(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def _add_scale_and_shift(self, shape: tuple[int, ...]) -> None:
        if self.scale:
            self.gamma = self.add_weight(
                shape=shape,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape=shape,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


def read_epsilon(epsilon: Any) -> float:
    """`epsilon` as a float; ValueError unless it is a number of at least 0."""
    if isinstance(epsilon, (bool, str)) or not float(epsilon) >= 0:
        raise ValueError(f"`epsilon` must be a number of at least 0. Received: epsilon={epsilon!r}")
    return float(epsilon)


def read_axis(axis: Any) -> int | list[int]:
    """`axis` as an integer or a list of integers; TypeError for anything else."""
    entries = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if not entries or any(isinstance(a, bool) or not hasattr(a, "__index__") for a in entries):
        raise TypeError(f"`axis` must be an integer or a list of integers. Received: axis={axis!r}")
    whole = [a.__index__() for a in entries]
    return whole if isinstance(axis, (list, tuple)) else whole[0]


def check_axis(layer: Layer, axis: int | list[int], input_shape: tuple) -> None:
    """ValueError where an input of that shape lacks an axis."""
    rank = len(input_shape)
    for a in axis if isinstance(axis, list) else [axis]:
        if not -rank <= a < rank:
            raise ValueError(
                f"Layer '{layer.name}': `axis` {a} is out of bounds for an input of shape "
                f"{tuple(input_shape)}"
            )
