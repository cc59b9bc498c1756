"""Models as ONNX files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..._symbolic import KerasTensor
from ..._tree import flatten, map_structure
from ..._version import __version__
from ...layers.input_layer import Input
from ...models.functional import Functional
from ...models.sequential import Sequential
from .._atomic import replacing
from . import (  # noqa: F401  (they fill the registry)
    _activations,
    _attention,
    _convolutions,
    _elementwise,
    _images,
    _layers,
    _normalizations,
    _recurrent,
    _shapes,
)
from ._graph import Value
from ._registry import LAYERS, OPS
from ._walk import Exporter

OPSET = 18  # of the operators written; the first with what is needed, read by onnxruntime >= 1.14
IR_VERSION = 8  # of the file format, that which came with it

__all__ = ["IR_VERSION", "LAYERS", "OPS", "OPSET", "export_onnx", "onnx_model"]


def import_onnx() -> Any:
    """The onnx package, or an error that says how to get it."""
    try:
        import onnx
    except ImportError:
        raise ImportError('ONNX files need the onnx package: pip install "minidl[onnx]"') from None
    return onnx


def export_onnx(model: Any, path: Any, input_signature: Any = None) -> None:
    """Write a model's inference as an ONNX file; a crash leaves an old file whole.

    Args:
        model: A built model.
        path: Path of the file.
        input_signature: Symbolic inputs (`minidl.Input`) in the structure that `call` takes, for
            a model that has none of its own. Defaults to the model's inputs, or to the shape it
            was built with.

    Raises:
        ImportError: without the onnx package.
        NotImplementedError: a layer or op that has no ONNX form; the message names it.
        ValueError: the model is not built.
    """
    path = os.fspath(path)
    data = onnx_model(model, input_signature).SerializeToString()
    with replacing(path, ".onnx") as partial, open(partial, "wb") as file:
        file.write(data)


def onnx_model(model: Any, input_signature: Any = None) -> Any:
    """The `onnx.ModelProto` that `export_onnx` writes."""
    onnx = import_onnx()
    if hasattr(model, "_to_onnx"):  # it came from such a file
        return model._to_onnx()
    w = Exporter()
    structure = _inputs(model, input_signature)
    inputs = [Value(x.name, x.shape, x.dtype) for x in flatten(structure)]
    names = _output_names(model)
    for name in (*(x.name for x in inputs), *names):
        w.reserve(name)
    outputs = _finished(w, _outputs(w, model, structure, inputs), names, inputs)
    graph = w.proto.graph
    graph.name = model.name
    graph.node.extend(w.nodes)
    graph.input.extend(_info(onnx.helper, x) for x in inputs)
    graph.output.extend(_info(onnx.helper, x) for x in outputs)
    w.proto.ir_version = IR_VERSION
    w.proto.opset_import.add(version=OPSET)
    w.proto.producer_name, w.proto.producer_version = "minidl", __version__
    return w.proto


def _outputs(w: Exporter, model: Any, structure: Any, inputs: list[Value]) -> list[Value]:
    """What the model makes of its inputs, in a flat list."""
    rest = iter(inputs)
    given = map_structure(lambda _: next(rest), structure)
    if type(model).call is Functional.call:
        return w.graph(model._graph, inputs)
    if type(model).call is Sequential.call:
        return list(flatten(w.sequential(model, given)))
    return list(flatten(w._trace(model, (given,), {})))


def _finished(
    w: Exporter, outputs: list[Value], names: list[str], inputs: list[Value]
) -> list[Value]:
    """The outputs under the names that the model has for them."""
    taken = {x.name for x in inputs}
    finished = []
    for i, x in enumerate(outputs):
        name = names[i] if i < len(names) else f"output_{i}"
        while name in taken:
            name += "_out"
        taken.add(name)
        w._add("Identity", [w.place(x)], [name], {})
        finished.append(Value(name, x.shape, x.dtype))
    return finished


def _info(helper: Any, x: Value) -> Any:
    shape = [
        n if n is not None else "batch" if i == 0 else f"{x.name}_{i}"
        for i, n in enumerate(x.shape)
    ]
    return helper.make_tensor_value_info(x.name, helper.np_dtype_to_tensor_dtype(x.dtype), shape)


def _inputs(model: Any, signature: Any) -> Any:
    """Symbolic inputs in the structure that the model takes."""
    if signature is not None:
        if isinstance(signature, (list, tuple)) and len(signature) == 1:
            signature = signature[0]
        for x in flatten(signature):
            if not isinstance(x, KerasTensor):
                raise TypeError(
                    "`input_signature` must hold symbolic tensors of `minidl.Input`. Received: "
                    f"{x!r}"
                )
        return signature
    if getattr(model, "_inputs_struct", None) is not None:
        return model._inputs_struct
    if isinstance(model, Sequential):
        if not model.built or model._input is None:
            raise ValueError(
                f"Model '{model.name}' is not built: start it with an `Input`, or call it on data."
            )
        return model.input
    shape = getattr(model, "_build_shape", None)
    if not model.built or not isinstance(shape, (list, tuple)) or not shape:
        raise ValueError(
            f"Model '{model.name}' has no inputs that are known. Call it on data first, or give "
            "`input_signature`, e.g. [minidl.Input((4,))]."
        )
    return Input(batch_shape=(None, *shape[1:]), dtype=np.dtype(model._np_dtype).name)


def _output_names(model: Any) -> list[str]:
    names = getattr(model, "output_names", None)
    return list(names) if names else ["output"]
