"""ONNX files as models."""

from __future__ import annotations

from typing import Any

from .._onnx_export import import_onnx
from . import (  # noqa: F401  (they fill the registry)
    _attention,
    _convolutions,
    _elementwise,
    _indices,
    _normalizations,
    _quantized,
    _recurrent,
    _resizing,
    _sampling,
    _shapes,
    _states,
    _sums,
)
from ._model import OnnxModel
from ._program import NEWEST, OLDEST, Program
from ._read import parse, read_file
from ._registry import OPERATORS, Refused

__all__ = ["NEWEST", "OLDEST", "OPERATORS", "OnnxModel", "load_onnx", "model_of"]


def load_onnx(path: Any) -> OnnxModel:
    """A model of the graph in an ONNX file.

    It predicts, and trains: constants of floats that are weights of layers become variables.
    Shapes and the order of axes are the file's: a network of images takes (batch, channels,
    height, width), as ONNX has it. Nothing outside the file is read, nothing in it is run.

    Args:
        path: Path of the file.

    Returns:
        A `Model`; it takes one array, a list in the order of the file's inputs, or a dict.

    Raises:
        NotImplementedError: an operator, attribute or dtype that minidl does not have, by name.
        ValueError: a file that is no ONNX file, or damaged.
        FileNotFoundError: there is no such file. ImportError: without the onnx package.

    >>> import minidl, os, tempfile
    >>> net = minidl.Sequential([minidl.Input((4,)), minidl.layers.Dense(3)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.onnx")
    ...     net.export(path, verbose=False)
    ...     minidl.saving.load_onnx(path).input_shape
    (None, 4)
    """
    return _built(read_file(path), str(path))


def model_of(proto: Any, path: str = "the model") -> OnnxModel:
    """A model of a `ModelProto`; see `load_onnx`."""
    copy = type(proto)()
    copy.CopyFrom(proto)
    return _built(copy, path)


def _unpickled(data: bytes, name: str) -> OnnxModel:
    model = _built(parse(import_onnx(), data, name), name)
    model.name = name
    return model


def _built(proto: Any, path: str) -> OnnxModel:
    """The model of a proto that may be used up: its arrays are not to be there twice."""
    program = _program_of(proto, path)
    del proto.graph.initializer[:]
    kept = [node for node in proto.graph.node if node.op_type != "Constant"]
    if len(kept) < len(proto.graph.node):
        kept = [type(node).FromString(node.SerializeToString()) for node in kept]
        del proto.graph.node[:]
        proto.graph.node.extend(kept)
    frame = proto.SerializeToString()
    del proto
    return OnnxModel(program, frame)


def _program_of(proto: Any, path: str) -> Program:
    try:
        return Program(proto.graph, _version(proto))
    except Refused as error:
        raise NotImplementedError(f"{path}: minidl does not offer {error}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _version(proto: Any) -> int:
    if len(proto.functions):
        raise Refused("functions inside the file")
    versions = [o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")]
    if not versions:
        raise Refused(f"operators of the domains {[o.domain for o in proto.opset_import]} alone")
    if len(versions) != 1:
        raise ValueError(f"it names {len(versions)} opsets of ONNX's own operators")
    if not OLDEST <= versions[0] <= NEWEST:
        raise Refused(f"opset {versions[0]}; known are {OLDEST} to {NEWEST}")
    return versions[0]
