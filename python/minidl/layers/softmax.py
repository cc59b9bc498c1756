"""Softmax as a layer."""

from __future__ import annotations

import numpy as np

from .. import activations, ops
from ._activation_layers import Elementwise


class Softmax(Elementwise):
    """Normalised exponentials along an axis.

    Args:
        axis: Integer, or a list of integers normalised together. Defaults to -1.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Call arguments:
        mask: Booleans of the input's shape; False entries get probability 0.

    Source: `keras.layers.Softmax`.

    >>> import minidl
    >>> minidl.layers.Softmax()([[1.0, 1.0]]).numpy()
    array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis

    def call(self, inputs, mask=None):
        if mask is not None:
            hidden = (1.0 - np.asarray(mask, inputs.data.dtype)) * -3e38 * 0.5
            inputs = inputs + hidden.astype(inputs.data.dtype)
        if not isinstance(self.axis, list):
            return activations.softmax(inputs, self.axis)
        exps = ops.exp(inputs - ops.stop_gradient(ops.max(inputs, tuple(self.axis), True)))
        return exps / ops.sum(exps, tuple(self.axis), True)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}
