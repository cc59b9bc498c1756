"""clone_model: the same layers anew."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .. import layers as layers_module
from ..layers.input_layer import InputLayer
from ..layers.layer import Layer
from .functional import Functional
from .model import Model
from .sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same layers with fresh weights, compiled in the same way.

    Args:
        model: A Sequential or functional model, or one whose `get_config` tells all.
        input_tensors: Symbolic tensors to build the copy on, in the structure of the inputs.
        clone_function: Makes a new layer of an old one; by default through its config.
        call_function: Not offered.
        recursive: Whether models inside are cloned layer by layer too.

    Raises:
        ValueError: something that is no model, or `clone_function` on a subclassed one.

    Source: `keras.models.clone_model`.

    >>> import minidl
    >>> model = minidl.Sequential([minidl.Input((3,)), minidl.layers.Dense(2)])
    >>> twin = minidl.models.clone_model(model)
    >>> twin.layers[0] is model.layers[0], twin.output_shape
    (False, (None, 2))
    """
    if not isinstance(model, Model):
        raise ValueError(f"`model` must be a Model. Received: {model!r}")
    if call_function is not None or kwargs:
        raise ValueError("`call_function` is not offered: rebuild the graph by hand instead.")
    twin = _cloned(model, input_tensors, clone_function, recursive)
    if model.compiled:
        arguments = dict(model._compile_arguments)
        arguments["optimizer"] = model.optimizer.from_config(model.optimizer.get_config())
        twin.compile(**{name: copy.deepcopy(value) for name, value in arguments.items()})
    return twin


def _cloned(
    model: Any, input_tensors: Any, clone_function: Callable | None, recursive: bool
) -> Any:
    if not isinstance(model, (Sequential, Functional)):
        if clone_function is not None or input_tensors is not None:
            raise ValueError(
                "`clone_function` and `input_tensors` are for Sequential and functional models. "
                f"Received: {model!r}"
            )
        return type(model).from_config(model.get_config())
    made: dict[int, Any] = {}

    def clone(layer: Any) -> Any:
        if id(layer) not in made:
            if recursive and isinstance(layer, (Sequential, Functional)):
                made[id(layer)] = clone_model(layer, None, clone_function, recursive=True)
            elif clone_function is not None and isinstance(layer, Layer):
                made[id(layer)] = clone_function(layer)
            else:
                made[id(layer)] = fresh(layer)
        return made[id(layer)]

    if isinstance(model, Sequential):
        entries: list[Any] = [] if model._input is None else [fresh(model._input)]
        if input_tensors is not None:
            tensors = input_tensors if isinstance(input_tensors, list) else [input_tensors]
            entries = [tensors[0]]
        return Sequential([*entries, *map(clone, model.layers)], name=model.name)
    return _clone_graph(model, input_tensors, clone)


def fresh(layer: Any) -> Any:
    """A layer or op of the same config."""
    config = layers_module.serialize(layer)
    config.pop("build_config", None)
    return layers_module.deserialize(config)


def _clone_graph(model: Functional, input_tensors: Any, clone: Callable) -> Functional:
    from .._symbolic import KerasTensor
    from .._tree import flatten, map_structure

    tensors: dict[int, Any] = {}
    if input_tensors is not None:
        given = list(flatten(input_tensors))
        if len(given) != len(model.inputs):
            raise ValueError(
                f"`input_tensors` must hold {len(model.inputs)} tensors. Received: {len(given)}"
            )
        tensors.update((id(x), y) for x, y in zip(model.inputs, given, strict=True))

    def new(x: Any) -> Any:
        return tensors[id(x)] if isinstance(x, KerasTensor) else x

    for node in model._graph.nodes:
        if node.is_input:
            if id(node.outputs[0]) not in tensors:
                layer: InputLayer = fresh(node.operation)
                tensors[id(node.outputs[0])] = layer.output
            continue
        args, kwargs = map_structure(new, node.args), map_structure(new, node.kwargs)
        outputs = clone(node.operation)(*args, **kwargs)
        tensors.update((id(x), y) for x, y in zip(node.outputs, flatten(outputs), strict=True))
    inputs = map_structure(new, model._inputs_struct)
    return Functional(inputs, map_structure(new, model._outputs_struct), name=model.name)
