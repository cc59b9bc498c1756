"""Kernel sizes, strides and padding of convolution and pooling, as TensorFlow computes them."""

from __future__ import annotations

from collections.abc import Sequence


def read_pair(value: int | Sequence[int], name: str, op: str) -> tuple[int, int]:
    """`value` as two positive integers; one stands for both."""
    items = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(items) != 2 or any(
        isinstance(v, bool) or not hasattr(v, "__index__") or v.__index__() <= 0 for v in items
    ):
        raise ValueError(
            f"{op}: `{name}` must be a positive integer or a pair of them. "
            f"Received: {name}={value!r}"
        )
    return items[0].__index__(), items[1].__index__()


def check_channels_last(data_format: str | None, op: str) -> None:
    """ValueError unless images are (batch, height, width, channels)."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"{op}: minidl is channels-last. Received: data_format={data_format!r}. Transpose the "
            "images instead, e.g. minidl.ops.transpose(x, (0, 2, 3, 1))."
        )


Borders = tuple[int, int, int, int]


def read_padding(
    padding: str | Sequence,
    size: Sequence[int],
    reach: Sequence[int],
    strides: Sequence[int],
    op: str,
) -> Borders:
    """The borders (top, bottom, left, right).

    Args:
        padding: "valid", "same", or `((top, bottom), (left, right))`.
        size: height and width of the images.
        reach: height and width that one window spans, dilation included.
        strides: steps between windows.
        op: the name for messages.
    """
    borders: Borders
    word = padding.lower() if isinstance(padding, str) else None
    if word == "valid":
        borders = (0, 0, 0, 0)
    elif word == "same":
        pads = []
        for n, k, s in zip(size, reach, strides, strict=True):
            # As TensorFlow: ceil(n / s) windows, the odd element goes behind.
            total = max((-(-n // s) - 1) * s + k - n, 0)
            pads += [total // 2, total - total // 2]
        borders = (pads[0], pads[1], pads[2], pads[3])
    else:
        borders = _explicit(padding, op)
    if word != "same":
        for axis, name in enumerate(("height", "width")):
            padded = size[axis] + borders[2 * axis] + borders[2 * axis + 1]
            if reach[axis] > padded:
                raise ValueError(
                    f"{op}: a window of {reach[0]} x {reach[1]} (dilation included) does not fit "
                    f"into images of {size[0]} x {size[1]}, whose padded {name} is {padded}. Use "
                    f"padding='same' or a smaller window. Received: padding={padding!r}"
                )
    return borders


def _explicit(padding, op: str) -> Borders:
    try:
        (top, bottom), (left, right) = padding
        borders = tuple(v.__index__() for v in (top, bottom, left, right))
    except (TypeError, ValueError, AttributeError):
        borders = None
    if borders is None or min(borders) < 0:
        raise ValueError(
            f"{op}: `padding` must be 'valid', 'same' or ((top, bottom), (left, right)) with "
            f"numbers >= 0. Received: padding={padding!r}"
        )
    return borders


def expect_images(shape: tuple[int, ...], op: str) -> None:
    """ValueError unless `shape` is that of a batch of images."""
    if len(shape) != 4:
        raise ValueError(
            f"{op}: x must have 4 axes (batch, height, width, channels). Received: shape {shape}"
        )
