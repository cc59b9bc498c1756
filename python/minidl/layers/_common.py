"""Checks that convolution, pooling and the rest share."""

from __future__ import annotations

from typing import Any

import numpy as np


def integers(value: Any, count: int, name: str, minimum: int = 1) -> tuple[int, ...]:
    """`value` as `count` integers of at least `minimum`; one stands for all.

    Raises:
        ValueError: anything else, naming the argument.
    """
    entries = value if isinstance(value, (list, tuple)) else (value,) * count
    whole = [
        not isinstance(v, bool) and isinstance(v, (int, np.integer)) and v >= minimum
        for v in entries
    ]
    if len(entries) != count or not all(whole):
        many = {1: "", 2: " or a pair of integers, each"}.get(count, f" or {count} integers, each")
        raise ValueError(
            f"`{name}` must be an integer{many} at least {minimum}. Received: {name}={value!r}"
        )
    return tuple(int(v) for v in entries)


def sides(value: Any, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """`value` as ((top, bottom), (left, right)): from one number, a pair, or two pairs.

    Raises:
        ValueError: anything else, naming the argument.
    """
    if isinstance(value, (list, tuple)):
        if len(value) != 2:
            raise ValueError(
                f"`{name}` must be an integer, a pair of integers or a pair of pairs. "
                f"Received: {name}={value!r}"
            )
        first, second = value
    else:
        first = second = value
    top, bottom = integers(first, 2, name, 0)
    left, right = integers(second, 2, name, 0)
    return (top, bottom), (left, right)


def positive(value: Any, name: str) -> int:
    """`value` as a positive integer.

    Raises:
        ValueError: anything else, naming the argument.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return int(value)


def check_padding(padding: Any, known: tuple[str, ...] = ("valid", "same")) -> str:
    """One of the `known` words, in lower case."""
    if not isinstance(padding, str) or padding.lower() not in known:
        words = " or ".join(repr(word) for word in known)
        raise ValueError(f"`padding` must be {words}. Received: padding={padding!r}")
    return padding.lower()


def check_data_format(data_format: Any) -> str:
    """`"channels_last"`: the only layout here."""
    if data_format in (None, "channels_last"):
        return "channels_last"
    if data_format == "channels_first":
        raise ValueError(
            "minidl keeps images channels-last. Received: data_format='channels_first'. "
            "np.moveaxis(x, 1, -1) turns a channels-first batch round."
        )
    raise ValueError(
        f"`data_format` must be 'channels_last' or None. Received: data_format={data_format!r}"
    )


def refuse(layer: str, **unsupported: Any) -> None:
    """Raise for arguments of Keras that are known here but not offered."""
    for name, value in unsupported.items():
        if value:
            raise ValueError(f"{layer} does not offer `{name}`. Received: {name}={value!r}")


def output_size(
    size: int | None, window: int, stride: int, padding: str, dilation: int = 1
) -> int | None:
    """Length of a convolved or pooled axis; None stays None."""
    if size is None:
        return None
    if padding != "valid":  # "same" and "causal"
        return -(-size // stride)
    return (size - (window - 1) * dilation - 1) // stride + 1


def output_sizes(
    layer: Any, shape: tuple, window: tuple, strides: tuple, dilation: tuple | None = None
) -> tuple:
    """Lengths of the axes between batch and channels after a window has slid over them.

    Raises:
        ValueError: the window is larger than the image.
    """
    dilation = dilation or (1,) * len(window)
    if len(shape) != len(window) + 2:
        raise ValueError(
            f"Layer '{layer.name}' ({type(layer).__name__}) expects {len(window) + 2} axes. "
            f"Received: shape {tuple(shape)}"
        )
    found = tuple(
        output_size(n, w, s, layer.padding, d)
        for n, w, s, d in zip(shape[1:-1], window, strides, dilation, strict=True)
    )
    if any(n is not None and n <= 0 for n in found):
        what = "image" if len(window) == 2 else "sequence"
        raise ValueError(
            f"Layer '{layer.name}' ({type(layer).__name__}): a window of {tuple(window)}"
            + (f" with dilation {tuple(dilation)}" if max(dilation) > 1 else "")
            + f" is larger than the {what} of shape {tuple(shape[1:-1])} (input shape "
            f"{tuple(shape)}). Use padding='same', a smaller window or larger {what}s."
            f"{channels_first_hint(shape)}"
        )
    return found


def channels_first_hint(shape: tuple, channels: int | None = None) -> str:
    """Advice when the axis after the batch looks like the channels."""
    if len(shape) != 4:
        return ""
    n, last = shape[1], shape[3]
    if n is None or last is None or shape[2] is None:
        return ""
    if n == channels or (channels is None and n in (1, 3, 4) and last > 4 and shape[2] > 4):
        return (
            " This looks channels-first; minidl takes (batch, height, width, channels): "
            "np.moveaxis(x, 1, -1) turns it round."
        )
    return ""
