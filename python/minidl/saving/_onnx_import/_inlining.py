"""A graph that was read from a file, as part of another model that is written."""

from __future__ import annotations

from typing import Any

from ..._symbolic import KerasTensor
from ..._tree import flatten, map_structure
from .._onnx_export import OPSET
from .._onnx_export._value import Value


def inline(w: Any, model: Any, proto: Any, constants: dict[str, Value], inputs: Any) -> Any:
    """Write the nodes of `proto`, with names of their own, into the graph of `w`.

    Args:
        w: The `Writer`.
        model: The model that was read, for its name and the shapes of its outputs.
        proto: Its `ModelProto`, without constants.
        constants: What the constants are called in the new graph.
        inputs: `Value`s in the structure that the model takes.

    Raises:
        NotImplementedError: the file's operators are of another opset than what is written.
    """
    versions = [o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")]
    if versions != [OPSET]:
        raise NotImplementedError(
            f"Layer '{model.name}' was read from an ONNX file of opset {versions[0]}; it can be "
            f"exported inside another model only where that is {OPSET}. "
            "onnx.version_converter.convert_version changes the opset of a file."
        )
    spec = model.compute_output_spec(map_structure(lambda x: KerasTensor(x.shape, x.dtype), inputs))
    names = {name: x.name for name, x in constants.items()}
    given = [inputs[n] for n in model.input_names] if isinstance(inputs, dict) else flatten(inputs)
    names.update(zip(model.input_names, (w.place(x) for x in given), strict=True))
    _rename(w, proto.graph, names)
    w.nodes.extend(proto.graph.node)
    shapes = list(flatten(spec))
    made = [
        Value(names[name], x.shape, x.dtype)
        for name, x in zip(model.output_names, shapes, strict=True)
    ]
    return made if len(made) > 1 else made[0]


def _rename(w: Any, graph: Any, names: dict[str, str]) -> None:
    """Give all that the nodes make new names, in graphs inside nodes too."""
    for node in graph.node:
        node.name = w.name(node.name or node.op_type)
        for i, name in enumerate(node.input):
            if name:
                node.input[i] = names[name]
        for i, name in enumerate(node.output):
            if name:
                names[name] = w.name(name)
                node.output[i] = names[name]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename_inner(w, attribute.g, dict(names))


def _rename_inner(w: Any, graph: Any, names: dict[str, str]) -> None:
    for part in (graph.input, graph.initializer):
        for x in part:
            names[x.name] = w.name(x.name)
            x.name = names[x.name]
    _rename(w, graph, names)
    for x in graph.output:
        x.name = names[x.name]
