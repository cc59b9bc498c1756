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

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "register_keras_serializable",
    "save_model",
    "serialize_keras_object",
]


def __getattr__(name: str) -> Any:
    if name in ("load_model", "save_model"):  # with what archives need, loaded when asked for
        from . import _keras_file

        return getattr(_keras_file, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
