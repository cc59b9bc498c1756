"""StackedRNNCells: several cells as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._tape import wrap
from ._arguments import map_structure
from ._nesting import call_cell, cell_output_size, check_cell, inside, read_layer, write_layer
from ._rnn_cell import RNNCell
from .layer import Layer


class StackedRNNCells(Layer):
    """Cells on top of each other: each step goes through all of them.

    Args:
        cells: List of cells; see `RNN` for what a cell is.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Tensor of shape `(batch, features)`.
        states: A list with the states of each cell, as `get_initial_state` gives them.
        training: Handed on to the cells.

    Returns:
        The output of the last cell and the list of the new states.

    Raises:
        ValueError: there are no cells, or one lacks `call` or `state_size`.

    Source: `keras.layers.StackedRNNCells`.

    >>> import minidl, numpy as np
    >>> cells = [minidl.layers.LSTMCell(4), minidl.layers.GRUCell(3)]
    >>> layer = minidl.layers.RNN(minidl.layers.StackedRNNCells(cells))
    >>> layer(np.zeros((2, 5, 6), "float32")).shape
    (2, 3)
    """

    _is_leaf = False

    def __init__(self, cells, **kwargs):
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ValueError(f"`cells` must be a list of at least one cell. Received: {cells!r}")
        for i, cell in enumerate(cells):
            check_cell(cell, f"`cells[{i}]`")
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of the cells, in their order."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the last cell's output."""
        return cell_output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """The states to start from: one entry per cell."""
        states = []
        for cell in self.cells:
            make = getattr(cell, "get_initial_state", None)
            if make is not None:
                states.append(make(batch_size=batch_size))
            else:
                zeros = lambda n: wrap(np.zeros((batch_size, n), self._np_dtype))  # noqa: E731
                states.append(map_structure(zeros, cell.state_size))
        return states

    def build(self, input_shape):
        shape = tuple(input_shape)
        with inside(self):
            for cell in self.cells:
                if isinstance(cell, Layer) and not cell.built:
                    cell._build(shape)
                shape = (shape[0], cell_output_size(cell))

    def call(self, inputs, states, training=False):
        if len(states) != len(self.cells):
            raise ValueError(
                f"Layer '{self.name}' takes the states of {len(self.cells)} cells. Received: "
                f"{len(states)}"
            )
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            nested = isinstance(state, (list, tuple))
            inputs, new = call_cell(cell, inputs, state if nested else [state], training)
            if not nested and isinstance(new, (list, tuple)):
                (new,) = new
            new_states.append(new)
        return inputs, new_states

    def run_sequence(
        self,
        x: Any,
        states: Any,
        mask: Any,
        training: Any,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
    ) -> tuple[Any, Any] | None:
        """A whole sequence, one cell after another, each in one kernel call.

        None where not all cells can do that. A masked step of a cell is masked in the next as well,
        so what it hands on there has no effect.
        """
        if type(self).call is not StackedRNNCells.call or self.activity_regularizer is not None:
            return None
        if any(
            not isinstance(cell, RNNCell) or cell.compute_dtype != self.compute_dtype
            for cell in self.cells
        ):
            return None
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            nested = isinstance(state, (list, tuple))
            found = cell.run_sequence(
                *(cell._convert(x), state if nested else [state], mask, training),
                go_backwards=go_backwards,
                zero_output_for_mask=zero_output_for_mask,
            )
            if found is None:
                return None
            x, new = found
            new_states.append(new if nested else new[0])
            if go_backwards:  # outputs come in the order they were computed in
                go_backwards, mask = False, None if mask is None else mask[:, ::-1]
        return x, new_states

    def compute_output_shape(self, input_shape, states_shape=None):
        batch = input_shape[0]
        states = map_structure(lambda n: (batch, n), self.state_size)
        return (batch, self.output_size), states

    def get_config(self):
        return {**super().get_config(), "cells": [write_layer(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        return cls([read_layer(c, custom_objects) for c in config.pop("cells")], **config)
