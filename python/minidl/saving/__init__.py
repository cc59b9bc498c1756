"""Models to and from files, objects to and from configs, in Keras's formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._custom_objects import (
    CustomObjectScope,
    custom_object_scope,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from .._serialize import deserialize_keras_object, serialize_keras_object

if TYPE_CHECKING:
    from ._keras_file import load_model, save_model
    from ._onnx_import import load_onnx
    from ._safetensors import load_safetensors, save_safetensors
    from ._torch import load_torch_weights

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_onnx",
    "load_safetensors",
    "load_torch_weights",
    "register_keras_serializable",
    "save_model",
    "save_safetensors",
    "serialize_keras_object",
]


def __getattr__(name: str) -> Any:
    """What needs archives or other packages is loaded when asked for."""
    module: Any
    if name in ("load_model", "save_model"):
        from . import _keras_file as module
    elif name in ("load_safetensors", "save_safetensors"):
        from . import _safetensors as module
    elif name == "load_onnx":
        from . import _onnx_import as module
    elif name == "load_torch_weights":
        from . import _torch as module
    else:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(module, name)
