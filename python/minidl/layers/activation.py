"""Activation: an activation function as a layer."""

from __future__ import annotations

from .. import activations
from ._activation_layers import Elementwise


class Activation(Elementwise):
    """Applies an activation function.

    Args:
        activation: Name or callable.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: the name is unknown; the message suggests a close one.

    Source: `keras.layers.Activation`.

    >>> import minidl
    >>> minidl.layers.Activation("relu")([[-1.0, 2.0]]).numpy()
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
