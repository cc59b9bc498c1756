"""The dropout of recurrent cells: one mask for all steps of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor, wrap
from ..random import SeedGenerator


class DropoutMasks:
    """Mixin of cells with `dropout`, `recurrent_dropout` and a `seed_generator`.

    A mask is drawn when it is first asked for and kept until it is reset, which the RNN layer does
    around each sequence (Gal and Ghahramani 2016). Where the gates have masks of their own, their
    axis comes first: `(gates, batch, size)`.

    Source: Keras's `DropoutRNNCell`.
    """

    dropout: float
    recurrent_dropout: float
    seed_generator: SeedGenerator
    dropout_mask_count: int | None = None  # masks of each kind; None for one without that axis
    _dropout_mask: Tensor | None = None
    _recurrent_dropout_mask: Tensor | None = None

    def get_dropout_mask(self, step_input: Any) -> Tensor | None:
        """The mask for the inputs of a step, or None where nothing is dropped."""
        if self.dropout > 0:
            self._dropout_mask = self._kept(self._dropout_mask, step_input, self.dropout)
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_state: Any) -> Tensor | None:
        """The mask for the state, or None where nothing is dropped."""
        if self.recurrent_dropout > 0:
            self._recurrent_dropout_mask = self._kept(
                self._recurrent_dropout_mask, step_state, self.recurrent_dropout
            )
        return self._recurrent_dropout_mask

    def reset_dropout_mask(self) -> None:
        """Forget the mask for the inputs, so that the next step draws another."""
        self._dropout_mask = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the mask for the state."""
        self._recurrent_dropout_mask = None

    def _kept(self, mask: Tensor | None, like: Any, rate: float) -> Tensor:
        count = self.dropout_mask_count
        shape = tuple(like.shape) if count is None else (count, *like.shape)
        if mask is not None and mask.shape == shape:
            return mask
        seed = self.seed_generator.next()
        if rate == 1:
            return wrap(np.zeros(shape, like.dtype))
        return ops.dropout(wrap(np.ones(shape, like.dtype)), rate, seed)


def read_rate(value: Any, name: str) -> float:
    """A dropout rate; ValueError unless it is a number in [0, 1]."""
    number = not isinstance(value, bool) and isinstance(value, (int, float, np.number))
    if not number or not 0 <= value <= 1:
        raise ValueError(f"`{name}` must be a number in [0, 1]. Received: {name}={value!r}")
    return float(value)
