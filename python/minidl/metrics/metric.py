"""Metric: a number gathered batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import initializers
from .._naming import auto_name
from .._tape import Tensor, Variable
from ..config import floatx, get_policy


class Metric:
    """Base class; subclasses implement `update_state`, `result` and, where they keep state of
    their own, `reset_state`.

    Args:
        dtype: Dtype of the result. Defaults to the default float type.
        name: Name; None makes one from the class.

    Source: `keras.Metric`.

    >>> import minidl
    >>> class Count(minidl.Metric):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.n = self.add_variable((), "zeros", name="n")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.n.assign_add(len(y_true))
    ...     def result(self):
    ...         return self.n
    >>> float(Count()([1, 2, 3], [1, 2, 3]))
    3.0
    """

    _direction: str | None = None  # "up" or "down": which way is better

    def __init__(self, dtype: Any = None, name: str | None = None):
        self.name = name or auto_name(type(self).__name__)
        self.dtype = get_policy(dtype or floatx()).compute_dtype
        self._variables: list[Variable] = []

    def add_variable(
        self, shape: Any, initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Make a state variable that `reset_state` sets to 0.

        Args:
            shape: Tuple of dimensions.
            initializer: Name or `Initializer`.
            dtype: Defaults to the metric's.
            name: Name of the variable.
        """
        make = initializers.get(initializer or "zeros")
        value = np.asarray(make(tuple(shape), dtype=dtype or self.dtype))
        variable = Variable(value, trainable=False, name=name)
        self._variables.append(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None) -> Variable:
        """Older name of `add_variable`."""
        return self.add_variable(shape, initializer, dtype, name)

    @property
    def variables(self) -> list[Variable]:
        """The state made by `add_variable`."""
        return list(self._variables)

    def reset_state(self) -> None:
        """Forget everything; called at the start of each epoch."""
        for v in self._variables:
            v.assign(np.zeros(v.shape, v.data.dtype))

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch."""
        raise NotImplementedError(f"{type(self).__name__} must implement `update_state`.")

    def result(self) -> Any:
        """The value so far."""
        raise NotImplementedError(f"{type(self).__name__} must implement `result`.")

    def _value(self) -> Any:
        """The value so far as a float (an array where it is many, a dict of them), for logs."""
        result = self.result()
        if isinstance(result, dict):
            return {k: _plain(v) for k, v in result.items()}
        return _plain(result)

    def _get_state(self) -> list[np.ndarray]:
        """All that has been gathered, for a training run that is to go on later."""
        return [v.numpy() for v in self._variables]

    def _set_state(self, arrays: list[np.ndarray]) -> None:
        """Put back what `_get_state` gave."""
        if not self._variables:
            self._build_like(arrays)
        for v, a in zip(self._variables, arrays, strict=True):
            v.assign(a)

    def _build_like(self, arrays: list[np.ndarray]) -> None:
        """Make the variables of a metric that makes them with the first batch."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _plain(value: Any) -> Any:
    array = np.asarray(value.data if isinstance(value, Tensor) else value)
    return float(array.reshape(())) if array.size == 1 else array.copy()
