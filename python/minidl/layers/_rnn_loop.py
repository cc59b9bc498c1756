"""The loop over the steps of a sequence, for cells of any kind, and what its arguments must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor, record, wrap
from ._arguments import flatten, map_structure


def run(
    step: Callable[[Tensor, Any], tuple[Tensor, Any]],
    sequences: Tensor,
    states: Any,
    mask: np.ndarray | None = None,
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    return_sequences: bool = True,
) -> tuple[Tensor, Tensor | None, Any]:
    """Call `step(input, states)` for each step of `sequences`.

    At a masked step the states stay as they are, and the output is that of the step before (zeros
    at the first), or zeros throughout with `zero_output_for_mask`.

    Args:
        step: returns the output of a step and the new states.
        sequences: tensor of shape (batch, steps, ...).
        states: a list of tensors or nested lists of them.
        mask: bools of shape (batch, steps), False for what is left out; or None.
        go_backwards: begin with the last step.
        zero_output_for_mask: see above.
        return_sequences: whether all outputs are wanted, in the order they were computed in.

    Returns:
        The last output, all outputs or None, and the last states, in the structure of `states`.
    """
    inputs = unstack(sequences)
    order = range(len(inputs))[::-1] if go_backwards else range(len(inputs))
    count = len(list(flatten(states)))
    outputs = []
    output: Any = None
    for t in order:
        new, new_states = step(inputs[t], states)
        flat_states = list(flatten(new_states))
        if len(flat_states) != count:
            raise ValueError(
                f"The cell returned {len(flat_states)} states at a step; it was given {count}."
            )
        keep = None if mask is None else mask[:, t]
        if keep is not None and not keep.all():
            old = wrap(np.zeros(new.shape, new.dtype)) if output is None else output
            new = _choose(keep, new, old * 0.0 if zero_output_for_mask else old)
            flat_states = [
                _choose(keep, a, b) for a, b in zip(flat_states, flatten(states), strict=True)
            ]
        states = pack(states, flat_states)
        output = new
        if return_sequences:
            outputs.append(new)
    return output, ops.stack(outputs, axis=1) if return_sequences else None, states


def _choose(keep: np.ndarray, new: Tensor, old: Tensor) -> Tensor:
    return ops.where(keep.reshape(-1, *(1,) * (new.ndim - 1)), new, old)


def unstack(x: Tensor) -> list[Tensor]:
    """The steps of a tensor (batch, steps, ...).

    All of them are one record of the tape: their gradients are joined once, where as many slices
    would each fill a tensor as large as `x`.
    """
    steps = np.ascontiguousarray(np.swapaxes(x.data, 0, 1))
    shape, dtype = steps.shape[1:], steps.dtype

    def gradient(dys: Any) -> tuple:
        parts = dys if isinstance(dys, tuple) else (dys,)
        zeros = wrap(np.zeros(shape, dtype))
        return (ops.stack([zeros if dy is None else dy for dy in parts], axis=1),)

    out = record(tuple(steps), (x,), gradient)
    return list(out)


def pack(structure: Any, leaves: list[Any]) -> Any:
    """The leaves in the nested lists of `structure`."""
    rest = iter(leaves)
    return map_structure(lambda _: next(rest), structure)


def read_mask(mask: Any, sequences: Tensor, layer: Any) -> np.ndarray | None:
    """The mask as bools of shape (batch, steps); None where nothing is masked.

    Raises:
        ValueError: another shape.
    """
    mask = next(flatten(mask), None)
    if mask is None:
        return None
    keep = np.asarray(mask)
    if keep.ndim == 3 and keep.shape[2] == 1:
        keep = keep[..., 0]
    if keep.shape != sequences.shape[:2]:
        raise ValueError(
            f"Layer '{layer.name}' ({type(layer).__name__}): `mask` must have shape (batch, steps)"
            f" = {sequences.shape[:2]}. Received: mask of shape {keep.shape}"
        )
    return keep.astype(bool)


def read_states(states: Any, expected: list[Any], layer: Any, dtype: Any) -> list[Any]:
    """`initial_state` as a list of tensors of the layer's dtype, nested as it was given.

    Raises:
        ValueError: another number of states than `expected`, or other shapes.
    """
    states = list(states) if isinstance(states, (list, tuple)) else [states]
    given, wanted = list(flatten(states)), list(flatten(expected))
    shapes, right = ([tuple(np.shape(s)) for s in some] for some in (given, wanted))
    if shapes != right:
        what = "one state" if len(wanted) == 1 else f"{len(wanted)} states"
        raise ValueError(
            f"Layer '{layer.name}' ({type(layer).__name__}) takes {what} as `initial_state`, of "
            f"shape {', '.join(map(str, right))}. Received: {len(given)} of shape "
            f"{', '.join(map(str, shapes))}"
        )

    def read(x):
        return ops.cast(ops.convert_to_tensor(x), dtype)

    return map_structure(read, states)
