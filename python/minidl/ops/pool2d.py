"""Pooling of images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minidl import _core
from minidl._tape import Tensor, as_float, is_wanted, record, wrap
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import (
    check_channels_last,
    expect_images,
    read_padding,
    read_pair,
    read_side_padding,
    read_single,
    spatial_rank,
)
from minidl.ops.activations import _relu_grad
from minidl.ops.conv import as_image, as_sequence

Window = tuple  # (pool size, strides, borders), the kernels' last arguments


def _read_window(
    x: Tensor, pool_size: Pair, strides: Pair | None, padding: str | Sequence, op: str
) -> Window:
    expect_images(x.shape, op)
    size = read_pair(pool_size, "pool_size", op)
    steps = size if strides is None else read_pair(strides, "strides", op)
    borders = read_padding(padding, x.shape[1:3], size, steps, op)
    if max(borders[:2]) >= size[0] or max(borders[2:]) >= size[1]:
        raise ValueError(
            f"{op}: `padding` must be smaller than the windows of {size[0]} x {size[1]}, or some "
            f"would hold nothing. Received: padding={padding!r}"
        )
    return size, steps, borders


def max_pool2d(
    x: TensorLike,
    pool_size: Pair = 2,
    strides: Pair | None = None,
    padding: str | Sequence = "valid",
) -> Tensor:
    """The maximum of each window.

    Args:
        x: float tensor of shape (batch, height, width, channels).
        pool_size: size of the windows, one number or (height, width).
        strides: steps between windows; None means `pool_size`.
        padding: "valid", "same" (as TensorFlow) or ((top, bottom), (left, right)). Padding never
            is the maximum.

    Returns:
        A tensor of shape (batch, new height, new width, channels). NaN in a window wins. The first
        maximum takes the gradient. It can be differentiated twice.

    Raises:
        ValueError: if a window does not fit, or an argument is out of range.

    Source: the call of `keras.layers.MaxPooling2D`.

    >>> max_pool2d([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2)
    Tensor([[[[4.]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    x = as_float(x)
    window = _read_window(x, pool_size, strides, padding, "max_pool2d")
    y = wrap(_core.max_pool2d(x.data, *window))
    return record(y, (x,), (lambda dy, x, y: _max_back(dy, x, y, window),), (x, y))


def _max_back(dy: Tensor, x: Tensor, y: Tensor, window: Window) -> Tensor:
    if not x._rectified or is_wanted():
        return _max_grad(dy, x, y, window)
    # The relu before would look at all of x for what is seen at the maxima.
    dx = _max_grad(_relu_grad(dy, y, 0.0, float("inf"), 0.0), x, y, window)
    dx._rectified = True
    return dx


def _max_grad(dy: Tensor, x: Tensor, y: Tensor, window: Window) -> Tensor:
    # Linear in dy; which element is the largest does not change with x.
    return record(
        _core.max_pool2d_grad(dy.data, x.data, y.data, *window),
        (dy,),
        (lambda ddx, x: _at_maxima(ddx, x, window),),
        (x,),
    )


def _at_maxima(values: Tensor, x: Tensor, window: Window) -> Tensor:
    """The elements of `values` where each window of `x` has its first maximum.

    Only second derivatives come here, so NumPy does.
    """
    (ph, pw), (sh, sw), (top, bottom, left, right) = window
    borders = ((0, 0), (top, bottom), (left, right), (0, 0))

    def windows(a: np.ndarray, fill: float) -> np.ndarray:
        padded = np.pad(a, borders, constant_values=fill)
        view = np.lib.stride_tricks.sliding_window_view(padded, (ph, pw), (1, 2))[:, ::sh, ::sw]
        return view.reshape(*view.shape[:4], ph * pw)

    keys = windows(np.nan_to_num(x.data, nan=np.inf, neginf=np.finfo(x.dtype).min), -np.inf)
    first = keys.argmax(-1)[..., None]
    picked = np.take_along_axis(windows(values.data, 0), first, -1)[..., 0]
    y = wrap(_core.max_pool2d(x.data, *window))
    return record(picked, (values,), (lambda dy, x: _max_grad(dy, x, y, window),), (x,))


def average_pool2d(
    x: TensorLike,
    pool_size: Pair = 2,
    strides: Pair | None = None,
    padding: str | Sequence = "valid",
) -> Tensor:
    """The mean of each window.

    Args:
        x: float tensor of shape (batch, height, width, channels).
        pool_size: size of the windows, one number or (height, width).
        strides: steps between windows; None means `pool_size`.
        padding: "valid", "same" (as TensorFlow) or ((top, bottom), (left, right)). Padding does not
            count.

    Returns:
        A tensor of shape (batch, new height, new width, channels). It can be differentiated twice.

    Raises:
        ValueError: if a window does not fit, or an argument is out of range.

    Source: the call of `keras.layers.AveragePooling2D`.

    >>> average_pool2d([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2)
    Tensor([[[[2.5]]]], shape=(1, 1, 1, 1), dtype=float32)
    """
    x = as_float(x)
    window = _read_window(x, pool_size, strides, padding, "average_pool2d")
    return _average(x, window)


def _average(x: Tensor, window: Window) -> Tensor:
    shape = x.shape
    return record(
        _core.average_pool2d(x.data, *window),
        (x,),
        (lambda dy: _average_grad(dy, shape, window),),
    )


def _average_grad(dy: Tensor, shape: tuple[int, ...], window: Window) -> Tensor:
    return record(
        _core.average_pool2d_grad(dy.data, shape, *window),
        (dy,),
        (lambda ddx: _average(ddx, window),),
    )


def max_pool(
    inputs: TensorLike,
    pool_size: Pair,
    strides: Pair | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The maximum of each window, with Keras's arguments; see `max_pool2d`.

    Args:
        inputs: float tensor of shape (batch, steps, channels) or (batch, height, width, channels).
        pool_size: size of the windows, one number or one per axis.
        strides: steps between windows; None means `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or None.

    Returns:
        A tensor of shape (batch, new steps, channels) or (batch, new height, new width, channels).

    Raises:
        ValueError: if a window does not fit, or an argument is out of range.

    Source: `keras.ops.max_pool`.

    >>> max_pool([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2).shape
    (1, 1, 1, 1)
    >>> max_pool([[[1.0], [2.0], [3.0]]], 2, strides=1).shape
    (1, 2, 1)
    """
    return _pool(max_pool2d, inputs, pool_size, strides, padding, data_format, "max_pool")


def average_pool(
    inputs: TensorLike,
    pool_size: Pair,
    strides: Pair | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of each window, with Keras's arguments; see `average_pool2d`.

    Args:
        inputs: float tensor of shape (batch, steps, channels) or (batch, height, width, channels).
        pool_size: size of the windows, one number or one per axis.
        strides: steps between windows; None means `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or None.

    Returns:
        A tensor of shape (batch, new steps, channels) or (batch, new height, new width, channels).

    Raises:
        ValueError: if a window does not fit, or an argument is out of range.

    Source: `keras.ops.average_pool`.

    >>> average_pool([[[[1.0], [2.0]], [[3.0], [4.0]]]], 2).shape
    (1, 1, 1, 1)
    >>> average_pool([[[1.0], [2.0], [3.0]]], 2, strides=1).shape
    (1, 2, 1)
    """
    return _pool(average_pool2d, inputs, pool_size, strides, padding, data_format, "average_pool")


def _pool(function, inputs, pool_size, strides, padding, data_format, op) -> Tensor:
    """`function` of images, or of sequences as images of height 1."""
    check_channels_last(data_format, op)
    x = as_float(inputs)
    if spatial_rank(x.shape, op) == 2:
        return function(x, pool_size, strides, padding)
    size = read_single(pool_size, "pool_size", op)
    steps = size if strides is None else read_single(strides, "strides", op)
    sides = read_side_padding(padding, size, 1, op, causal=False)
    return as_sequence(function(as_image(x), (1, size), (1, steps), sides))
