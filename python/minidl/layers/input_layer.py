"""InputLayer and Input: the shape a model starts from."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._symbolic import KerasTensor, Node
from ..config import floatx
from ._common import refuse
from .layer import Layer


class InputLayer(Layer):
    """The entry of a model.

    Args:
        shape: Shape of one sample, without the batch axis; None entries are open.
        batch_size: Fixed batch size, or None.
        dtype: Dtype of the data. Defaults to the default float type.
        batch_shape: Shape with the batch axis, instead of `shape` and `batch_size`.
        name: Name of the layer.

    Raises:
        ValueError: no shape, both shapes, or entries that are no sizes.

    Source: `keras.layers.InputLayer`.

    >>> import minidl
    >>> minidl.layers.InputLayer((8, 8, 1)).batch_shape
    (None, 8, 8, 1)
    """

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        refuse("InputLayer", sparse=sparse, ragged=ragged, optional=optional)
        if input_tensor is not None:
            raise ValueError("InputLayer does not offer `input_tensor`.")
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        super().__init__(name=name, **kwargs)
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                "Give exactly one of `shape` and `batch_shape`. "
                f"Received: shape={shape}, batch_shape={batch_shape}"
            )
        if shape is not None:
            batch_shape = (batch_size, *_sizes(shape, "shape"))
        self.batch_shape = _sizes(batch_shape, "batch_shape")
        self._input_dtype = str(np.dtype(dtype or floatx()))
        self.built = True
        Node(self, (), {}, KerasTensor(self.batch_shape, self._input_dtype, self.name))

    @property
    def dtype(self):
        return self._input_dtype

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": False,
        }


def _sizes(shape: Any, name: str) -> tuple:
    if isinstance(shape, (int, np.integer)):
        raise ValueError(
            f"`{name}` must be a tuple. Received: {name}={shape}. Use {name}=({shape},)."
        )
    shape = tuple(shape)
    for n in shape:
        if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0):
            raise ValueError(
                f"`{name}` must hold non-negative integers or None. Received: {name}={shape}"
            )
    return tuple(None if n is None else int(n) for n in shape)


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
) -> KerasTensor:
    """The placeholder a `Sequential` starts from.

    Args:
        shape: Shape of one sample, without the batch axis.
        batch_size: Fixed batch size, or None.
        dtype: Dtype of the data.
        batch_shape: Shape with the batch axis, instead of `shape`.
        name: Name of the layer behind it.

    Returns:
        A placeholder with `shape` and `dtype`.

    Raises:
        ValueError: see `InputLayer`.

    Source: `keras.Input`.

    >>> import minidl
    >>> minidl.Input((3,)).shape
    (None, 3)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output
