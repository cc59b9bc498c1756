"""RNN: a cell carried along a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor, Variable, wrap
from . import _rnn_loop
from ._arguments import flatten, map_structure
from ._nesting import call_cell, check_cell, inside, read_layer, reset_masks, write_layer
from ._rnn_cell import RNNCell
from .layer import Layer, call_context
from .stacked_rnn_cells import StackedRNNCells


class RNN(Layer):
    """Runs a cell over the steps of a sequence.

    Args:
        cell: An object with `call(inputs, states)`, which returns the output of a step and the new
            states, and `state_size`, an integer or a list of them; and where wanted `output_size`
            and `get_initial_state(batch_size)`. Usually a layer. A list of cells is stacked.
        return_sequences: Whether the outputs of all steps are returned, or that of the last.
        return_state: Whether the last states are returned as well.
        go_backwards: Whether the sequence is read from its end; the outputs then come in the order
            they were computed in, the last step first.
        stateful: Whether each batch starts from the last states of the batch before. Sample `i`
            goes on where sample `i` ended, so the batch size is fixed by the first batch.
        unroll: Accepted for compatibility: the results are the same.
        zero_output_for_mask: Whether the outputs of masked steps are zeros, or those of the step
            before.
        **kwargs: `name`, `dtype`, `trainable`, `activity_regularizer`, `input_shape`.

    Call arguments:
        sequences: Tensor of shape `(batch, steps, ...)`.
        initial_state: The states to start from, each `(batch, size)`; None for the cell's.
        mask: Bools of shape `(batch, steps)`; False steps are left out. As in Keras, a mask that
            travels with `sequences` is not seen where `initial_state` is given: pass it then.
        training: Handed on to the cell.

    Returns:
        The outputs `(batch, steps, size)`, or the last one `(batch, size)`; with `return_state` a
        tuple of that and the states.

    Raises:
        ValueError: the cell lacks `call` or `state_size`; states or a mask of another shape; no
            steps; another batch size where `stateful`.

    Source: `keras.layers.RNN`.

    >>> import minidl, numpy as np
    >>> class Sum(minidl.Layer):
    ...     state_size = 2
    ...     def call(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> minidl.layers.RNN(Sum())(np.ones((1, 5, 2), "float32")).numpy()
    array([[5., 5.]], dtype=float32)
    """

    _is_leaf = False
    supports_masking = True

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        **kwargs,
    ):
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell, dtype=kwargs.get("dtype"))
        check_cell(cell, "`cell`")
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        size = cell.state_size
        self.single_state = isinstance(size, (int, np.integer))
        self.state_size = [size] if self.single_state else list(size)
        self._kept = _KeptStates()

    def build(self, sequences_shape, initial_state_shape=None):
        batch, _, *rest = sequences_shape
        if isinstance(self.cell, Layer) and not self.cell.built:
            with inside(self):
                self.cell._build((batch, *rest))
        if self._keeps_states() and batch is not None:
            self._keep_states(batch)

    # -- states -------------------------------------------------------------------------------
    @property
    def states(self) -> Any:
        """Where stateful, the states that the next batch starts from; None before the first."""
        return self._kept.states

    def _keeps_states(self) -> bool:
        return self.stateful and not call_context.trial

    def _keep_states(self, batch: int) -> Any:
        if self._kept.states is None:
            self._kept.states = map_structure(
                lambda x: Variable(x, trainable=False, name="rnn_state"),
                self.get_initial_state(batch),
            )
        return self._kept.states

    def reset_state(self) -> None:
        """Set the kept states to zero."""
        for state in flatten(self.states):
            if state is not None:
                state.assign(np.zeros(state.shape, state.dtype))

    def reset_states(self) -> None:
        """Keras 2's name of `reset_state`."""
        self.reset_state()

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states a sequence starts from: the cell's own choice, or zeros."""
        make = getattr(self.cell, "get_initial_state", None)
        if make is not None:
            states = make(batch_size=batch_size)
            return list(states) if isinstance(states, (list, tuple)) else [states]
        dtype = self._state_dtype()
        return [wrap(np.zeros((batch_size, size), dtype)) for size in self.state_size]

    def _state_dtype(self) -> Any:
        return getattr(self.cell, "compute_dtype", self.compute_dtype)

    def _first_states(self, given: Any, batch: int) -> list[Any]:
        kept = self._keep_states(batch) if self._keeps_states() else None
        if kept is not None:
            size = next(flatten(kept)).shape[0]
            if size != batch:
                raise ValueError(
                    f"Layer '{self.name}' ({type(self).__name__}) is stateful: its batches must "
                    f"have the size of the first, {size}. Received: a batch of {batch}"
                )
        if given is None and kept is not None:
            # copies, as the variables change before the backward pass
            return map_structure(lambda v: wrap(v.numpy()), kept)
        start = self.get_initial_state(batch)
        return _rnn_loop.read_states(
            start if given is None else given, start, self, self._state_dtype()
        )

    # -- the call -----------------------------------------------------------------------------
    def call(self, sequences, initial_state=None, mask=None, training=False):
        batch, steps = sequences.shape[:2]
        if steps == 0:
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) needs at least one step. Received: "
                f"sequences of shape {sequences.shape}"
            )
        mask = _rnn_loop.read_mask(mask, sequences, self)
        states = self._first_states(initial_state, batch)
        reset_masks(self.cell)
        try:
            last, outputs, states = self.inner_loop(sequences, states, mask, training)
        finally:
            reset_masks(self.cell)
        if self._keeps_states():
            for kept, new in zip(flatten(self.states), flatten(states), strict=True):
                kept.assign(new)
        output = ops.cast(outputs if self.return_sequences else last, self.compute_dtype)
        return (output, *states) if self.return_state else output

    def inner_loop(
        self, sequences: Tensor, initial_state: list[Any], mask: Any, training: Any = False
    ) -> tuple[Any, Any, list[Any]]:
        """The loop itself: the last output, all outputs, the last states.

        One kernel call where the cell is minidl's and the kernel offers what it is; one per cell
        of a stack of such cells.
        """
        if isinstance(self.cell, (RNNCell, StackedRNNCells)) and sequences.ndim == 3:
            found = self.cell.run_sequence(
                *(self.cell._convert(sequences), initial_state, mask, training),
                go_backwards=self.go_backwards,
                zero_output_for_mask=self.zero_output_for_mask,
            )
            if found is not None:
                outputs, states = found
                h = next(flatten(states if isinstance(self.cell, RNNCell) else states[-1]))
                last = h if mask is None or self.return_sequences else outputs[:, -1]
                return last, outputs, states

        def step(inputs, states):
            output, states = call_cell(self.cell, inputs, states, training)
            return output, states if isinstance(states, (list, tuple)) else [states]

        return _rnn_loop.run(
            step,
            sequences,
            initial_state,
            mask,
            self.go_backwards,
            self.zero_output_for_mask,
            self.return_sequences,
        )

    # -- shapes, masks, config ----------------------------------------------------------------
    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, steps = sequences_shape[:2]
        size = getattr(self.cell, "output_size", None)
        if size is None:
            size = self.state_size[0]
        shape = (batch, steps, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return shape
        return (shape, *map_structure(lambda n: (batch, n), self.state_size))

    def compute_mask(self, inputs, previous_mask):
        mask = next(flatten(previous_mask), None) if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def get_config(self):
        return {
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "cell": write_layer(self.cell),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        return cls(read_layer(config.pop("cell"), custom_objects), **config)


class _KeptStates:
    """Holds the states of a stateful layer, which are no weights and must not be found as such."""

    __slots__ = ("states",)

    def __init__(self) -> None:
        self.states: Any = None
