"""Global settings: the default float type, the fuzz factor, the image layout."""

from __future__ import annotations

from typing import Any

import numpy as np

_FLOATS = ("float32", "float64")
_state: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7}


def floatx() -> str:
    """The default float type, `"float32"` unless changed.

    Source: `keras.config.floatx`.

    >>> import minidl
    >>> minidl.config.floatx()
    'float32'
    """
    return _state["floatx"]


def set_floatx(value: str) -> None:
    """Set the default float type.

    Args:
        value: `"float32"` or `"float64"`.

    Raises:
        ValueError: any other value.

    Source: `keras.config.set_floatx`.

    >>> import minidl
    >>> minidl.config.set_floatx("float64")
    >>> minidl.ops.zeros((1,)).dtype.name
    'float64'
    >>> minidl.config.set_floatx("float32")
    """
    if value not in _FLOATS:
        raise ValueError(f"`value` must be one of {_FLOATS}. Received: value={value!r}")
    from ._tape import set_default_float

    set_default_float(value)
    _state["floatx"] = value


def epsilon() -> float:
    """The small number that keeps logarithms and divisions finite, 1e-7 unless changed.

    Source: `keras.config.epsilon`.

    >>> import minidl
    >>> minidl.config.epsilon()
    1e-07
    """
    return _state["epsilon"]


def set_epsilon(value: float) -> None:
    """Set the fuzz factor used by losses and metrics.

    Args:
        value: A positive finite number.

    Raises:
        ValueError: `value` is not a positive finite number.

    Source: `keras.config.set_epsilon`.

    >>> import minidl
    >>> minidl.config.set_epsilon(1e-5)
    >>> minidl.config.epsilon()
    1e-05
    >>> minidl.config.set_epsilon(1e-7)
    """
    value = float(value)
    if not (0.0 < value < float("inf")):
        raise ValueError(f"`value` must be a positive finite number. Received: value={value}")
    _state["epsilon"] = value


def image_data_format() -> str:
    """The image layout: always `"channels_last"` (NHWC)."""
    return "channels_last"


class DTypePolicy:
    """The float type a layer computes in and keeps its weights in.

    Args:
        name: `"float32"` or `"float64"`.

    Raises:
        ValueError: any other name (mixed precision is not offered).

    Source: `keras.dtype_policies.DTypePolicy`.

    >>> import minidl
    >>> minidl.config.DTypePolicy("float64").compute_dtype
    'float64'
    """

    def __init__(self, name: str):
        if name not in _FLOATS:
            raise ValueError(
                f"`dtype` must be one of {_FLOATS} (or None for the default "
                f"'{floatx()}'). Received: dtype={name!r}"
            )
        self.name = name
        self.compute_dtype = name
        self.variable_dtype = name

    def get_config(self) -> dict:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> DTypePolicy:
        return cls(**config)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(("DTypePolicy", self.name))


def get_policy(dtype: Any) -> DTypePolicy:
    """A `DTypePolicy` from None, a name, a NumPy dtype, a policy or its Keras config."""
    if dtype is None:
        return _state.get("policy") or DTypePolicy(floatx())
    if isinstance(dtype, DTypePolicy):
        return dtype
    if isinstance(dtype, dict):
        inner = dtype.get("config")
        if dtype.get("class_name") != "DTypePolicy" or not isinstance(inner, dict):
            raise ValueError(f"Expected the config of a DTypePolicy. Received: dtype={dtype!r}")
        return DTypePolicy(str(inner.get("name")))
    if isinstance(dtype, str):
        return DTypePolicy(dtype)
    try:
        return DTypePolicy(np.dtype(dtype).name)
    except TypeError:
        return DTypePolicy(repr(dtype))


def dtype_policy() -> DTypePolicy:
    """The policy of layers that name none.

    Source: `keras.config.dtype_policy`.

    >>> import minidl
    >>> minidl.config.dtype_policy().name
    'float32'
    """
    return get_policy(None)


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Set the policy of layers that name none.

    Source: `keras.config.set_dtype_policy`.

    >>> import minidl
    >>> minidl.config.set_dtype_policy("float64")
    >>> minidl.layers.Dense(1)(np.ones((1, 2))).dtype.name
    'float64'
    >>> minidl.config.set_dtype_policy("float32")
    """
    _state["policy"] = get_policy(policy)


def serialize_policy(policy: DTypePolicy) -> dict:
    """The policy as Keras writes it into a layer's config."""
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": policy.get_config(),
        "registered_name": None,
    }
