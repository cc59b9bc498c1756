"""What training asks for on every step, without a walk through all attributes of all layers."""

from __future__ import annotations

from typing import Any

from .._tape import Variable
from .._tree import flatten
from ..layers.layer import Layer


class FastListsMixin(Layer):
    """For models that know their layers: Sequential and Functional."""

    _leaves: tuple[Layer, ...] | None = None  # the layers, when none has layers inside

    def _set_leaves(self, layers: list[Layer]) -> None:
        self._leaves = tuple(layers) if all(layer._is_leaf for layer in layers) else None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name[0] != "_" and self._leaves is not None and _holds_weights(value):
            self._leaves = None  # a layer beside the graph

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        if self._leaves is None:
            return super().trainable_weights
        if not self._trainable:
            return []
        return [
            v
            for layer in self._leaves
            if layer._trainable
            for v in layer._trainable_variables
            if v.trainable
        ]

    trainable_variables = trainable_weights

    @property
    def losses(self) -> list[Any]:
        """Penalties of all layers; see `Layer.losses`."""
        if self._leaves is None or self._losses:
            return super().losses
        for layer in self._leaves:
            if layer._losses or layer._regularized:
                return super().losses
        return []

    def _clear_losses(self) -> None:
        if self._leaves is None:
            super()._clear_losses()
            return
        self._losses.clear()
        for layer in self._leaves:
            if layer._losses:
                layer._losses.clear()


def _holds_weights(value: Any) -> bool:
    if isinstance(value, (list, tuple, dict)):
        return any(map(_holds_weights, flatten(value)))
    return isinstance(value, (Layer, Variable))
