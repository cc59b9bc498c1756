"""A functional model as Keras writes it, and back."""

from __future__ import annotations

from typing import Any

from .. import layers as layers_module
from .._custom_objects import custom_object_scope
from .._serialize import (
    TensorReference,
    _keras_tensor,
    deserialize_keras_object,
    serialize_keras_object,
)
from .._symbolic import KerasTensor
from .._tree import map_structure


def functional_config(model: Any) -> dict:
    """Layers with the calls between them, and the tensors that go in and out."""
    graph = model._graph

    def history(x: KerasTensor) -> list[Any]:
        operation, index, tensor = x._keras_history
        return [operation.name, graph.node_index(operation._inbound_nodes[index]), tensor]

    def named(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            return _keras_tensor(x, history(x))
        return serialize_keras_object(x)

    def end(x: KerasTensor) -> list[Any]:
        name, node, tensor = history(x)
        # Keras counts a call that a functional model starts with, here only
        return [name, node + is_functional_model(x._keras_history.operation), tensor]

    entries = []
    for operation in graph.operations:
        entry = layers_module.serialize(operation)
        entry["name"] = operation.name
        entry["inbound_nodes"] = [
            {
                "args": [_map(named, a) for a in node.args],
                # not every layer of Keras takes a mask, and none is what it takes without one
                "kwargs": {
                    k: _map(named, v)
                    for k, v in node.kwargs.items()
                    if not (k == "mask" and v is None)
                },
            }
            for node in graph.calls_of(operation)
            if not node.is_input
        ]
        entries.append(entry)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": entries,
        "input_layers": map_structure(end, model._inputs_struct),
        "output_layers": map_structure(end, model._outputs_struct),
    }


def _map(fn: Any, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_map(fn, v) for v in value]
    if isinstance(value, dict):
        return {k: _map(fn, v) for k, v in value.items()}
    return fn(value)


def is_functional_model(layer: Any) -> bool:
    """Whether a layer is a functional model."""
    return getattr(layer, "_graph", None) is not None


def functional_from_config(cls: type, config: dict, custom_objects: dict | None) -> Any:
    """A model from the config of one; see `Functional.from_config`."""
    if not isinstance(config, dict) or not {"layers", "input_layers", "output_layers"} <= set(
        config
    ):
        raise ValueError(
            "The config of a functional model is a dict with 'layers', 'input_layers' and "
            f"'output_layers'. Received: {config!r:.300}"
        )
    made: dict[str, Any] = {}
    waiting: dict[str, list[Any]] = {}
    with custom_object_scope(custom_objects):
        for entry in config["layers"]:
            if not isinstance(entry, dict) or "class_name" not in entry:
                raise ValueError(f"A layer's config must name its class. Received: {entry!r:.300}")
            name = str(entry.get("name") or (entry.get("config") or {}).get("name"))
            if name in made:
                raise ValueError(f"The config has two layers named {name!r}.")
            made[name] = layers_module.deserialize(
                {k: v for k, v in entry.items() if k not in ("name", "inbound_nodes")}
            )
            waiting[name] = list(entry.get("inbound_nodes") or [])
        _connect(made, waiting)
        inputs = _ends(config["input_layers"], made)
        outputs = _ends(config["output_layers"], made)
        rest = {
            k: v
            for k, v in config.items()
            if k not in ("layers", "input_layers", "output_layers", "name", "trainable", "dtype")
        }
        return cls(
            inputs=inputs,
            outputs=outputs,
            name=config.get("name"),
            trainable=config.get("trainable"),
            **rest,
        )


class _NotYet(Exception):
    """A call needs the output of another that was not made yet."""


def _connect(made: dict[str, Any], waiting: dict[str, list[Any]]) -> None:
    """Make all calls, each as soon as what it needs is there."""
    left = {name: calls for name, calls in waiting.items() if calls}
    while left:
        progress = False
        for name in list(left):
            calls = left[name]
            while calls:
                try:
                    args, kwargs = _arguments(calls[0], made)
                except _NotYet:
                    break
                made[name](*args, **kwargs)
                calls.pop(0)
                progress = True
            if not calls:
                del left[name]
        if not progress:
            raise ValueError(
                "The calls of the layers in this config cannot be connected: they form a cycle or "
                f"need outputs that nothing makes. Left over: {sorted(left)}"
            )


def _arguments(call: Any, made: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    if isinstance(call, dict):
        args = deserialize_keras_object(call.get("args") or [])
        kwargs = deserialize_keras_object(call.get("kwargs") or {})

        def revive(x: Any) -> Any:
            return _tensor(x, made) if isinstance(x, TensorReference) else x

        return map_structure(revive, list(args)), map_structure(revive, kwargs)
    if not isinstance(call, list):
        raise ValueError(f"A call in a config must be a dict or a list. Received: {call!r:.300}")
    tensors, kwargs = [], {}  # the way of Keras 2
    for entry in call:
        tensors.append(_tensor(TensorReference(entry[:3]), made))
        kwargs = dict(entry[3]) if len(entry) > 3 and entry[3] else kwargs
    return [tensors[0] if len(tensors) == 1 else tensors], kwargs


def _tensor(reference: TensorReference, made: dict[str, Any]) -> KerasTensor:
    layer = made.get(reference.layer)
    if layer is None:
        raise ValueError(
            f"The config names a layer '{reference.layer}' that it does not hold. It holds "
            f"{list(made)}."
        )
    nodes = layer._inbound_nodes
    if reference.node < 0 or reference.tensor < 0:
        raise ValueError(f"A call or output of '{reference.layer}' has a negative number.")
    if reference.node >= len(nodes):
        raise _NotYet
    outputs = nodes[reference.node].outputs
    if reference.tensor >= len(outputs):
        raise ValueError(
            f"Layer '{reference.layer}' has {len(outputs)} outputs; the config asks for number "
            f"{reference.tensor}."
        )
    return outputs[reference.tensor]


def _ends(structure: Any, made: dict[str, Any]) -> Any:
    """The tensors that `input_layers` or `output_layers` names."""
    if isinstance(structure, dict):
        return {k: _ends(v, made) for k, v in structure.items()}
    if not isinstance(structure, (list, tuple)):
        raise ValueError(
            f"Inputs and outputs must be [name, node, tensor]. Received: {structure!r}"
        )
    if len(structure) == 3 and isinstance(structure[0], str):
        name, node, tensor = structure
        shift = is_functional_model(made.get(name))
        try:
            return _tensor(TensorReference([name, node - shift, tensor]), made)
        except _NotYet:
            raise ValueError(
                f"The config asks for call {node} of layer '{name}', which it does not have."
            ) from None
    ends = [_ends(v, made) for v in structure]
    return tuple(ends) if isinstance(structure, tuple) else ends
