"""Names for layers and friends: `dense`, `dense_1`, ... as Keras counts them."""

from __future__ import annotations

import re

_counters: dict[str, int] = {}


def to_snake_case(name: str) -> str:
    """Turn a class name into Keras's snake case (`MaxPooling2D` -> `max_pooling2d`)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(class_name: str) -> str:
    """The next free name for a class: the bare name first, then `_1`, `_2`, ..."""
    prefix = to_snake_case(class_name)
    count = _counters.get(prefix, 0)
    _counters[prefix] = count + 1
    return prefix if count == 0 else f"{prefix}_{count}"


def reset_names() -> None:
    """Start counting from nothing again."""
    _counters.clear()
