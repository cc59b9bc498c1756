"""Activation functions by name, for layers' `activation` argument."""

from __future__ import annotations

from typing import Any

from . import ops
from ._registry import Registry

_registry = Registry("activation", "keras.activations")


def linear(x):
    """The identity.

    Source: `keras.activations.linear`.
    """
    return x


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Rectified linear unit.

    Args:
        x: Tensor of any shape.
        negative_slope: Slope below `threshold`. Defaults to 0.
        max_value: Largest output; None for no bound.
        threshold: Values below it are damped. Defaults to 0.

    Source: `keras.activations.relu`.

    >>> import minidl
    >>> minidl.activations.relu([-1.0, 2.0]).numpy()
    array([0., 2.], dtype=float32)
    """
    return ops.relu(x, negative_slope, max_value, threshold)


def softmax(x, axis=-1):
    """Normalised exponentials: non-negative values that sum to 1 along `axis`.

    Args:
        x: Tensor of rank 1 or more.
        axis: Axis of the sum. Defaults to the last.

    Source: `keras.activations.softmax`.
    """
    return ops.softmax(x, axis)


def _from_ops(name: str, doc: str):
    fn = getattr(ops, name)

    def activation(x, *args, **kwargs):
        return fn(x, *args, **kwargs)

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = f"{doc}\n\n    Source: `keras.activations.{name}`.\n    "
    return activation


_DOCS = {
    "sigmoid": "Logistic function 1 / (1 + exp(-x)).",
    "tanh": "Hyperbolic tangent.",
    "elu": "Exponential linear unit: x above 0, alpha * (exp(x) - 1) below.",
    "selu": "Scaled exponential linear unit.",
    "softplus": "log(1 + exp(x)).",
    "softsign": "x / (1 + |x|).",
    "leaky_relu": "x above 0, negative_slope * x below (0.2 unless given).",
    "relu6": "min(max(x, 0), 6).",
    "silu": "x * sigmoid(x), also called swish.",
    "gelu": "x times the normal distribution function of x.",
    "hard_sigmoid": "relu6(x + 3) / 6.",
    "exponential": "exp(x).",
    "log_softmax": "Logarithm of softmax.",
    "mish": "x * tanh(softplus(x)).",
}

__all__ = ["deserialize", "get", "linear", "relu", "serialize", "softmax"]

for _fn in (linear, relu, softmax):
    _registry.add_function(_fn)
for _name, _doc in _DOCS.items():
    if hasattr(ops, _name):  # an activation is offered as soon as its op is
        globals()[_name] = _registry.add_function(_from_ops(_name, _doc))
        __all__.append(_name)
if "silu" in _registry.functions:
    _registry.aliases["swish"] = _registry.functions["silu"]


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
    """The name (or config) that `get` turns back into `activation`."""
    if activation is None:
        return "linear"
    if hasattr(activation, "get_config"):
        from . import layers

        return layers.serialize(activation)
    return getattr(activation, "__name__", str(activation))


def deserialize(config: Any):
    """The reverse of `serialize`."""
    return get(config)
