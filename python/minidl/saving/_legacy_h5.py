"""Weights in Keras's old HDF5 layout: of whole `.h5` models and of published weights.

Groups named after layers list their weights. They are matched by topological order (layers
without weights left out on both sides), or by the layers' names.
"""

from __future__ import annotations

from typing import Any

from . import _h5


def load(model: Any, path: str, by_name: bool = False) -> None:
    """Read all weights; on an error the model keeps the old ones.

    Raises:
        ValueError: a file that is damaged, or does not fit the model.
    """
    _h5.check_heaps(path)
    with _h5.opened(path) as file:
        try:
            pairs = (_by_name if by_name else _by_order)(model, _root(file.root))
            values = [
                (variable, file.read(_member(group, name), tuple(variable.shape)))
                for group, names, variables in pairs
                for name, variable in zip(names, variables, strict=True)
            ]
        except (ValueError, KeyError, OSError, RuntimeError) as error:
            raise ValueError(f"'{path}' cannot be loaded into '{model.name}': {error}") from None
    for variable, value in values:
        variable.assign(value)


def _root(file: Any) -> Any:
    root = file
    if not _h5.strings(file, "layer_names"):
        inner = _h5.child(file, "model_weights")
        root = inner if inner is not None else file
    if not _h5.strings(root, "layer_names"):
        raise ValueError("it has no list of layers (attribute layer_names)")
    return root


def _stored(root: Any) -> list[tuple[str, Any, list[str]]]:
    """(layer, group, names of its weights) of the layers that have any."""
    found = []
    for layer in _h5.strings(root, "layer_names"):
        group = _h5.child(root, layer)
        if group is None:
            raise ValueError(f"layer '{layer}' is listed and not there")
        names = _h5.strings(group, "weight_names")
        if names:
            found.append((layer, group, names))
    return found


def _member(group: Any, name: str) -> Any:
    data = _h5.child(group, name)
    if data is None:
        raise ValueError(f"weight '{name}' is listed and not there")
    return data


def _variables(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _fit(layer: Any, name: str, names: list[str]) -> list[Any]:
    variables = _variables(layer)
    if len(variables) != len(names):
        raise ValueError(
            f"layer '{name}' of the file has {len(names)} weights, '{layer.name}' of the model "
            f"{len(variables)}"
        )
    return variables


def _by_order(model: Any, root: Any) -> list[tuple[Any, list[str], list[Any]]]:
    layers = [layer for layer in model.layers if layer.weights]
    stored = _stored(root)
    if len(stored) != len(layers):
        raise ValueError(f"it has {len(stored)} layers with weights, the model {len(layers)}")
    return [
        (group, names, _fit(layer, name, names))
        for (name, group, names), layer in zip(stored, layers, strict=True)
    ]


def _by_name(model: Any, root: Any) -> list[tuple[Any, list[str], list[Any]]]:
    mine = {layer.name: layer for layer in model.layers if layer.weights}
    return [
        (group, names, _fit(mine[name], name, names))
        for name, group, names in _stored(root)
        if name in mine
    ]
