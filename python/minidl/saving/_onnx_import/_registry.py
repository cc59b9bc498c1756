"""Which ONNX operator is computed how: `OPERATORS`, filled by the files beside this.

An operator's function takes the attributes, checks them, and returns the function of the tensors:
so what is not offered is refused when the file is loaded. Its signature says which attributes and
how many inputs there are.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..._tape import Tensor

PLAIN, FOLLOWS, IMAGES, RAW = "plain", "follows", "images", "raw"
# Of what an operator makes of a few numbers: 2 GiB of float32.
MOST_ELEMENTS = 1 << 29


class Refused(NotImplementedError):
    """What minidl does not offer; the loader says of which node."""


class Operator:
    """An entry of the registry.

    Args:
        factory: Takes the attributes, returns the function of the tensors.
        layout: `PLAIN`; `FOLLOWS` for functions of elements, which do not mind the order of axes;
            `IMAGES` for those that take their first input channels-last and give such a result;
            `RAW` for those that see to it themselves.
    """

    def __init__(self, factory: Callable, layout: str):
        self.factory = factory
        self.layout = layout
        parameters = inspect.signature(factory).parameters
        self.attributes = frozenset(n for n in parameters if not n.startswith("_"))
        self.asks = frozenset(n for n in parameters if n.startswith("_"))


OPERATORS: dict[str, Operator] = {}


def operator(*names: str, layout: str = PLAIN) -> Callable:
    """Register a factory under the names of ONNX operators."""

    def register(factory: Callable) -> Callable:
        OPERATORS.update(dict.fromkeys(names, Operator(factory, layout)))
        return factory

    return register


def simple(name: str, function: Callable, layout: str = FOLLOWS) -> None:
    """Register an operator without attributes."""
    operator(name, layout=layout)(lambda: function)


def takes(function: Callable) -> tuple[int, float]:
    """The least and the most inputs of a function of tensors."""
    least, most = 0, 0.0
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            most = math.inf
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            most += 1
            least += parameter.default is parameter.empty
    return least, most


# -- small helpers of the operators ---------------------------------------------------------------
def ints(x: Any) -> list[int]:
    """The integers in a tensor of at most one axis."""
    array = np.asarray(x.data if isinstance(x, Tensor) else x)
    if array.ndim > 1 or array.dtype.kind not in "iu":
        raise ValueError(f"a list of integers is wanted, not {array.dtype} of shape {array.shape}")
    return [int(n) for n in array.reshape(-1)]


def is_float(x: Any) -> bool:
    """Whether a tensor holds floats."""
    return x.data.dtype.kind == "f"


def check_size(shape: Sequence[int]) -> None:
    """ValueError for a shape that is negative or larger than any sensible one."""
    if any(n < 0 for n in shape):
        raise ValueError(f"a size is negative in shape {tuple(shape)}")
    if math.prod(shape) > MOST_ELEMENTS:
        raise ValueError(
            f"a result of shape {tuple(shape)} is refused: it has more than {MOST_ELEMENTS} values"
        )


def axes_in(axes: Sequence[int], rank: int) -> list[int]:
    """Axes counted from the front; ValueError where one is out of range or comes twice."""
    found = []
    for a in axes:
        if not -rank <= a < rank:
            raise ValueError(f"axis {a} is out of range for {rank} axes")
        found.append(a % rank)
    if len(set(found)) != len(found):
        raise ValueError(f"an axis comes twice in {list(axes)}")
    return found


def refuse(**attributes: Any) -> None:
    """Refuse the attributes whose value is not None."""
    for name, value in attributes.items():
        if value is not None:
            raise Refused(f"attribute {name}={value!r}")
