"""Activation functions by name, for layers' `activation` argument.

All but three are the ops of the same name, arguments and all.
"""

from __future__ import annotations

from typing import Any

from . import ops
from ._registry import Registry, suggesting
from .ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

__getattr__ = suggesting(__name__, __all__)


def linear(x):
    """The identity.

    Source: `keras.activations.linear`.

    >>> import minidl
    >>> minidl.activations.linear(np.array([1.0, -2.0])).tolist()
    [1.0, -2.0]
    """
    return x


def exponential(x):
    """e to the power `x`.

    Args:
        x: float tensor of any shape.

    Source: `keras.activations.exponential`.

    >>> import minidl
    >>> minidl.activations.exponential([0.0]).numpy()
    array([1.], dtype=float32)
    """
    return ops.exp(x)


def gelu(x, approximate=False):
    """The Gaussian error linear unit; exact unless told otherwise, unlike `ops.gelu`.

    Args:
        x: float tensor of any shape.
        approximate: use the tanh approximation.

    Source: `keras.activations.gelu`.

    >>> import minidl
    >>> minidl.activations.gelu([-1.0, 1.0]).numpy()
    array([-0.15865526,  0.8413447 ], dtype=float32)
    """
    return ops.gelu(x, approximate)


swish, hard_swish = silu, hard_silu

_registry = Registry("activation", "keras.activations")
for _name in __all__:
    if _name not in ("get", "serialize", "deserialize"):
        _registry.functions[_name] = globals()[_name]


def get(identifier: Any):
    """An activation function from None, a name, a callable or a Keras config.

    Args:
        identifier: None for `linear`.

    Returns:
        A callable of one tensor.

    Raises:
        ValueError: the name is unknown; the message suggests a close one.

    Source: `keras.activations.get`.

    >>> import minidl
    >>> minidl.activations.get("relu") is minidl.activations.relu
    True
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        return _registry.find(identifier)
    if isinstance(identifier, dict):
        return _registry.deserialize(identifier)
    if callable(identifier):
        return identifier
    raise ValueError(
        "`activation` must be None, a name or a callable. "
        f"Received: activation={identifier!r} of type {type(identifier).__name__}"
    )


def serialize(activation: Any) -> Any:
    """The name (or config) that `get` turns back into `activation`.

    >>> import minidl
    >>> minidl.activations.serialize(minidl.activations.relu)
    'relu'
    """
    if activation is None:
        return "linear"
    if hasattr(activation, "get_config"):
        from . import layers

        return layers.serialize(activation)
    return _registry.serialize(activation)


def deserialize(config: Any):
    """The reverse of `serialize`.

    >>> import minidl
    >>> minidl.activations.deserialize("relu").__name__
    'relu'
    """
    return get(config)
