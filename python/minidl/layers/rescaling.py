"""Rescaling: values into another range."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from .layer import Layer


class Rescaling(Layer):
    """`inputs * scale + offset`, as floats.

    Args:
        scale: Number or array that broadcasts to the input: 1/255 takes pixels to [0, 1], 1/127.5
            with the offset -1 to [-1, 1].
        offset: Number or array. Defaults to 0.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        TypeError: `scale` or `offset` holds no numbers.

    Source: `keras.layers.Rescaling`.

    >>> import minidl, numpy as np
    >>> minidl.layers.Rescaling(1 / 127.5, offset=-1)(np.array([[0, 255]], "uint8")).numpy()
    array([[-1.,  1.]], dtype=float32)
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = _numbers(scale, "scale")
        self.offset = _numbers(offset, "offset")
        self.supports_masking = True
        self._values = [np.asarray(v, self._np_dtype) for v in (self.scale, self.offset)]

    def call(self, inputs):
        scale, offset = self._values
        return ops.cast(inputs, self._np_dtype) * scale + offset

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "scale": _written(self.scale), "offset": _written(
            self.offset)}  # fmt: skip

    @classmethod
    def from_config(cls, config: dict) -> Any:
        config = dict(config)
        for key in ("scale", "offset"):
            value = config.get(key)
            if isinstance(value, dict) and value.get("class_name") == "__numpy__":
                inner = value["config"]
                config[key] = np.asarray(inner["value"], inner.get("dtype"))
        return cls(**config)


def _numbers(value: Any, name: str) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"`{name}` must be a number or an array. Received: {name}={value!r}")
    return value


def _written(value: Any) -> Any:
    """Arrays as Keras writes them."""
    if not isinstance(value, np.ndarray):
        return value
    return {
        "class_name": "__numpy__",
        "config": {"value": value.tolist(), "dtype": str(value.dtype)},
    }
