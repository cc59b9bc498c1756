"""Kernel sizes, strides and padding of convolution and pooling, as TensorFlow computes them."""

from __future__ import annotations

from collections.abc import Sequence


def read_pair(value: int | Sequence[int], name: str, op: str, least: int = 1) -> tuple[int, int]:
    """`value` as two integers of at least `least`; one stands for both."""
    items = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(items) != 2 or not all(_is_size(v, least) for v in items):
        kind = "a positive integer" if least == 1 else f"an integer >= {least}"
        raise ValueError(
            f"{op}: `{name}` must be {kind} or a pair of them. Received: {name}={value!r}"
        )
    return items[0].__index__(), items[1].__index__()


def read_single(value: int | Sequence[int], name: str, op: str, least: int = 1) -> int:
    """`value`, or the only item of it, as an integer of at least `least`."""
    items = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(items) != 1 or not _is_size(items[0], least):
        kind = "a positive integer" if least == 1 else f"an integer >= {least}"
        raise ValueError(f"{op}: `{name}` must be {kind} for one axis. Received: {name}={value!r}")
    return items[0].__index__()


def _is_size(value, least: int) -> bool:
    return (
        not isinstance(value, bool) and hasattr(value, "__index__") and value.__index__() >= least
    )


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


def check_groups(groups: int | None, op: str) -> None:
    """ValueError unless `groups` is None or a positive integer."""
    if groups is not None and not _is_size(groups, 1):
        raise ValueError(f"{op}: `groups` must be a positive integer. Received: {groups!r}")


def spatial_rank(shape: tuple[int, ...], op: str) -> int:
    """1 for a batch of sequences, 2 for one of images; ValueError for any other `shape`."""
    if len(shape) not in (3, 4):
        raise ValueError(
            f"{op}: inputs must have 3 axes (batch, steps, channels) or 4 (batch, height, width, "
            f"channels). Received: shape {shape}"
        )
    return len(shape) - 2


def expect_sequences(shape: tuple[int, ...], op: str) -> None:
    """ValueError unless `shape` is that of a batch of sequences."""
    if len(shape) != 3:
        raise ValueError(
            f"{op}: x must have 3 axes (batch, steps, channels). Received: shape {shape}"
        )


def read_side_padding(
    padding: str | Sequence, kernel_size: int, dilation: int, op: str, causal: bool = True
) -> str | tuple[tuple[int, int], tuple[int, int]]:
    """The padding of sequences, as `read_padding` takes it for images of height 1.

    Args:
        padding: "valid", "same", "causal" (all of it in front, as much as the kernel reaches back)
            or `(before, after)`.
        kernel_size: steps of the kernel.
        dilation: distance of its elements.
        op: the name for messages.
        causal: whether "causal" is known.
    """
    word = padding.lower() if isinstance(padding, str) else None
    if word in ("valid", "same"):
        return word
    if word == "causal" and causal:
        return (0, 0), ((kernel_size - 1) * dilation, 0)
    if isinstance(padding, (tuple, list)) and len(padding) == 2:
        before, after = padding
        if _is_size(before, 0) and _is_size(after, 0):
            return (0, 0), (before, after)
    words = "'valid', 'same', 'causal'" if causal else "'valid', 'same'"
    raise ValueError(
        f"{op}: `padding` must be {words} or (before, after) with numbers >= 0. "
        f"Received: padding={padding!r}"
    )
