"""Base of the layers that change values one by one."""

from __future__ import annotations

import math
from typing import Any

from .layer import Layer


class Elementwise(Layer):
    """A layer without weights whose output has the input's shape."""

    supports_masking = True

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


def number(value: Any, name: str, minimum: float | None = None) -> float:
    """`value` as a finite float of at least `minimum`.

    Raises:
        ValueError: anything else, naming the argument.
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        result = math.nan
    if isinstance(value, bool) or math.isnan(result):
        raise ValueError(f"`{name}` must be a number. Received: {name}={value!r}")
    if minimum is not None and result < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}. Received: {name}={value!r}")
    return result
