"""Checks of arguments that several ops share."""

from __future__ import annotations

import math
from collections.abc import Sequence


def normalize_axis(axis: int, ndim: int, name: str = "axis") -> int:
    """`axis` counted from the front; ValueError where a tensor of `ndim` axes has none such."""
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(f"`{name}` must be an integer. Received: {name}={axis!r}")
    axis = axis.__index__()
    if not -ndim <= axis < ndim:
        raise ValueError(
            f"`{name}` must lie in [{-ndim}, {ndim}) for a tensor of {ndim} axes. "
            f"Received: {name}={axis}"
        )
    return axis % ndim


def normalize_axes(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """The axes of a reduction, sorted; None means all."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    result = tuple(sorted(normalize_axis(a, ndim) for a in axes))
    if len(set(result)) != len(result):
        raise ValueError(f"`axis` names an axis twice. Received: axis={axis}")
    return result


def read_number(value: float, name: str, op: str, least: float = -math.inf) -> float:
    """`value` as a float; TypeError where it is none, ValueError for NaN or less than `least`."""
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        number = float(value)
    except TypeError:
        raise TypeError(f"{op}: `{name}` must be a number. Received: {name}={value!r}") from None
    if not number >= least:
        raise ValueError(
            f"{op}: `{name}` must be a number"
            + ("" if least == -math.inf else f" >= {least:g}")
            + f". Received: {name}={value!r}"
        )
    return number
