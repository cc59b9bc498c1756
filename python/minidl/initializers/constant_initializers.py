"""The base class of initial values, and those that are the same every time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import floatx


class Initializer:
    """Base class: a callable `(shape, dtype) -> NumPy array` with a config.

    Source: `keras.initializers.Initializer`.

    >>> import minidl
    >>> class Halves(minidl.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return np.full(shape, 0.5, dtype or "float32")
    >>> minidl.layers.Dense(2, kernel_initializer=Halves())(np.ones((1, 4))).numpy()
    array([[2., 2.]], dtype=float32)
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} must implement `__call__`.")

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Initializer:
        return cls(**config)

    def clone(self) -> Initializer:
        return type(self).from_config(self.get_config())


class Zeros(Initializer):
    """All zeros. Source: `keras.initializers.Zeros`.

    >>> import minidl
    >>> minidl.initializers.Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def __call__(self, shape, dtype=None):
        return np.zeros(shape, dtype or floatx())


class Ones(Initializer):
    """All ones. Source: `keras.initializers.Ones`.

    >>> import minidl
    >>> minidl.initializers.Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def __call__(self, shape, dtype=None):
        return np.ones(shape, dtype or floatx())


class Constant(Initializer):
    """One value everywhere.

    Args:
        value: A number, or an array that broadcasts to the shape asked for. Defaults to 0.

    Source: `keras.initializers.Constant`.

    >>> import minidl
    >>> minidl.initializers.Constant(3)((2,))
    array([3., 3.], dtype=float32)
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return np.full(shape, self.value, dtype or floatx())

    def get_config(self):
        value = self.value
        return {"value": value.tolist() if isinstance(value, np.ndarray) else value}


class Identity(Initializer):
    """The identity matrix times `gain`; shapes of rank 2 only.

    Args:
        gain: Factor. Defaults to 1.

    Raises:
        ValueError: the shape asked for is not of rank 2.

    Source: `keras.initializers.Identity`.

    >>> import minidl
    >>> minidl.initializers.Identity(2.0)((2, 2))
    array([[2., 0.],
           [0., 2.]], dtype=float32)
    """

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(f"Identity fills matrices only. Received: shape={shape}")
        dtype = np.dtype(dtype or floatx())
        return np.eye(*shape, dtype=dtype) * dtype.type(self.gain)

    def get_config(self):
        return {"gain": self.gain}
