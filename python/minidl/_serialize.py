"""Any object as a config in Keras's format, and back from a closed table of classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._custom_objects import (
    custom_config,
    custom_object_scope,
    find_custom,
    function_config,
    get_registered_object,
    is_custom,
)
from ._symbolic import KerasTensor
from ._symbolic_ops import Operation
from ._tape import Tensor
from .config import DTypePolicy, get_policy, serialize_policy


class TensorReference:
    """A symbolic tensor as a config names it: layer, number of the call, number of the output."""

    def __init__(self, history: Any):
        if not isinstance(history, (list, tuple)) or len(history) != 3:
            raise ValueError(f"`keras_history` must be [name, node, tensor]. Received: {history!r}")
        self.layer, self.node, self.tensor = str(history[0]), int(history[1]), int(history[2])


def serialize_keras_object(obj: Any) -> Any:
    """A config in Keras's format.

    Args:
        obj: A layer, model, initializer, regularizer, constraint, loss, metric, optimizer, op,
            tensor, array, slice, or a structure of such and of plain values.

    Returns:
        Plain values, lists and dicts.

    Raises:
        ValueError: an object that has no `get_config`.

    Source: `keras.saving.serialize_keras_object`.

    >>> import minidl
    >>> minidl.saving.serialize_keras_object(minidl.initializers.Zeros())["class_name"]
    'Zeros'
    """
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, (list, tuple)):
        return type(obj)([serialize_keras_object(x) for x in obj])
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return {"class_name": "__slice__", "config": serialize_keras_object(parts)}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, KerasTensor):
        history = obj._keras_history
        named = None if history is None else [history[0].name, history[1], history[2]]
        return _keras_tensor(obj, named)
    if isinstance(obj, Tensor):
        return _array("__tensor__", obj.numpy())
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if isinstance(obj, np.ndarray):
        return _array("__numpy__", obj)
    if isinstance(obj, np.dtype):
        return obj.name
    return _object(obj)


def _keras_tensor(x: KerasTensor, history: Any) -> dict:
    config = {"shape": x.shape, "dtype": x.dtype, "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": config}


def _array(kind: str, array: np.ndarray) -> dict:
    return {"class_name": kind, "config": {"value": array.tolist(), "dtype": array.dtype.name}}


def _families() -> list[tuple[type, Any]]:
    """Base classes and the modules that know their members."""
    from . import (
        constraints,
        initializers,
        layers,
        losses,
        metrics,
        optimizers,
        regularizers,
    )

    return [
        (layers.Layer, layers),
        (initializers.Initializer, initializers),
        (regularizers.Regularizer, regularizers),
        (constraints.Constraint, constraints),
        (losses.Loss, losses),
        (metrics.Metric, metrics),
        (optimizers.Optimizer, optimizers),
    ]


def _object(obj: Any) -> dict:
    if isinstance(obj, Operation):
        return {
            "module": obj.module,
            "class_name": obj.class_name,
            "config": serialize_keras_object(obj.get_config()),
            "registered_name": obj.class_name,
        }
    if isinstance(obj, DTypePolicy):
        return serialize_policy(obj)
    for base, module in _families():
        if isinstance(obj, base) and not is_custom(type(obj)):
            return module.serialize(obj)
    if callable(obj) and hasattr(obj, "__name__") and not isinstance(obj, type):
        return function_config(obj)
    if not hasattr(obj, "get_config"):
        raise ValueError(
            f"{obj!r} of type {type(obj).__name__} has no `get_config`, which a config needs."
        )
    return custom_config(obj)


def deserialize_keras_object(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The object behind a config of `serialize_keras_object`, or of Keras itself.

    Args:
        config: See there.
        custom_objects: Dict from names to classes and functions of your own.

    Raises:
        ValueError: a malformed config, or a class that is neither minidl's nor yours. Nothing is
            ever imported by name.

    Source: `keras.saving.deserialize_keras_object`.

    >>> import minidl
    >>> config = minidl.saving.serialize_keras_object({"size": 3, "part": slice(1, None)})
    >>> minidl.saving.deserialize_keras_object(config)
    {'size': 3, 'part': slice(1, None, None)}
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize_keras_object(config)
    if isinstance(config, (list, tuple)):
        return type(config)([deserialize_keras_object(x) for x in config])
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str) or "config" not in config:
        return {key: deserialize_keras_object(value) for key, value in config.items()}
    inner = config["config"]
    if name.startswith("__"):
        return _special(name, inner)
    if name == "function":
        return _function(config)
    custom = find_custom(config)
    if custom is not None and isinstance(custom, type):
        return custom.from_config(dict(inner))  # type: ignore[attr-defined]
    return _known(config)


def _special(name: str, inner: Any) -> Any:
    if not isinstance(inner, dict):
        raise ValueError(f"The config of {name} must be a dict. Received: {inner!r}")
    if name == "__slice__":
        return slice(*(inner.get(key) for key in ("start", "stop", "step")))
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__bytes__":
        return str(inner["value"]).encode("utf-8")
    if name == "__tuple__":
        return tuple(deserialize_keras_object(inner.get("items", [])))
    if name in ("__numpy__", "__tensor__"):
        array = np.asarray(inner["value"], np.dtype(inner["dtype"]))
        return array if name == "__numpy__" else Tensor(array)
    if name == "__keras_tensor__":
        return TensorReference(inner.get("keras_history"))
    if name == "__lambda__":
        raise ValueError(
            "The config holds a lambda, which minidl does not run: code in a file is not safe. "
            "Define a named function and pass it in `custom_objects`."
        )
    raise ValueError(f"Unknown kind of value in a config: {name!r}")


def _function(config: dict) -> Any:
    from . import activations, losses, metrics

    custom = get_registered_object(str(config.get("config")))
    if custom is not None:
        return custom
    name = config.get("config")
    for module in (activations, losses, metrics):
        table = module._registry.functions  # type: ignore[attr-defined]
        if name in table:
            return table[name]
    raise ValueError(f"Unknown function in a config: {name!r}. Pass it in `custom_objects`.")


def _known(config: dict) -> Any:
    module = str(config.get("module") or "")
    name = config["class_name"]
    if ".ops." in module or module == "minidl.ops":
        return Operation.from_keras(name, deserialize_keras_object(dict(config["config"])))
    if name == "DTypePolicy":
        return get_policy(config)
    for _, family in _families():
        registry = getattr(family, "_registry", None)
        if registry is not None and name in registry.classes:
            words = module.split(".")
            if (
                len(words) > 1
                and words[0] == "keras"
                and words[1] not in ("src", registry.module[6:])
            ):
                continue  # `keras.metrics` and `keras.losses` share class names
            return family.deserialize(config)
    from . import layers

    return layers.deserialize(config)  # raises, with a near name
