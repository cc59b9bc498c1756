"""What layers that hold a layer or a cell share: checking, building, calling, configs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._arguments import flatten
from ._dropout_masks import DropoutMasks
from .layer import Layer, call_context


@contextmanager
def inside(layer: Layer) -> Iterator[None]:
    """Layers built in here have the path of `layer` before their names."""
    outer = call_context.scope
    call_context.scope = tuple(layer.path.split("/"))
    try:
        yield
    finally:
        call_context.scope = outer


def check_cell(cell: Any, name: str) -> None:
    """ValueError unless `cell` can be run by an RNN."""
    if not callable(getattr(cell, "call", None)):
        raise ValueError(f"{name} must have a `call` method. Received: {cell!r}")
    size = getattr(cell, "state_size", None)
    if size is None:
        raise ValueError(
            f"{name} must have a `state_size`, an integer or a list of them. Received: {cell!r}"
        )
    if any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) for n in flatten(size)):
        raise ValueError(
            f"The `state_size` of {name} must be an integer or a list of them. Received: {size!r}"
        )


def call_cell(cell: Any, inputs: Any, states: Any, training: Any) -> tuple[Any, Any]:
    """One step; cells that are no layers are called as they are."""
    if isinstance(cell, Layer):
        return cell(inputs, states, training=training)
    return cell(inputs, states) if callable(cell) else cell.call(inputs, states)


def cell_output_size(cell: Any) -> int:
    """The size of a cell's output: its `output_size`, else that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is not None:
        return size
    return next(flatten(cell.state_size))


def reset_masks(cell: Any) -> None:
    """Forget the dropout masks of a cell and of those inside it."""
    for part in cell._flatten_layers() if isinstance(cell, Layer) else (cell,):
        if isinstance(part, DropoutMasks):
            part.reset_dropout_mask()
            part.reset_recurrent_dropout_mask()


def write_layer(layer: Any) -> dict:
    """The config of a layer or cell inside another one."""
    from . import _registry, serialize

    return serialize(layer) if isinstance(layer, Layer) else _registry.serialize(layer)


def read_layer(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A layer or cell from such a config; one that is made already stays as it is."""
    from . import deserialize

    return deserialize(config, custom_objects) if isinstance(config, dict) else config


def classes_inside(layer: Any) -> dict[str, type]:
    """The classes of a layer and all it holds, by name, so that users' own ones are found again."""
    if not isinstance(layer, Layer):
        return {type(layer).__name__: type(layer)}
    found = {type(part).__name__: type(part) for part in layer._flatten_layers()}
    for part in layer._flatten_layers():
        for cell in (getattr(part, "cell", None), *(getattr(part, "cells", None) or ())):
            if cell is not None:
                found.setdefault(type(cell).__name__, type(cell))
    return found
