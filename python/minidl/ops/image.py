"""Images: other sizes, and turns, shifts and zooms. The namespace `minidl.ops.image`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minidl._tape import Tensor, as_float, as_tensor, record, wrap
from minidl.ops._affine import Places, affine_places
from minidl.ops._resampling import resampling_matrix
from minidl.ops._typing import TensorLike
from minidl.ops.joining import pad
from minidl.ops.matmul import matmul
from minidl.ops.resize2d import resize2d
from minidl.ops.shape import expand_dims, reshape, squeeze

FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def aspect_crop(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the largest middle part with the proportions of `target`."""
    height = max(min(size[0], int(float(size[1] * target[0]) / target[1])), 1)
    width = max(min(size[1], int(float(size[0] * target[1]) / target[0])), 1)
    return int(float(size[0] - height) / 2), int(float(size[1] - width) / 2), height, width


def _check_format(data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"minidl keeps images channels-last. Received: data_format={data_format!r}"
        )


def _batch(images: TensorLike, op: str) -> tuple[Tensor, bool]:
    """Four axes, and whether one was added."""
    x = as_float(images)
    if x.ndim not in (3, 4):
        raise ValueError(
            f"{op}: images have 3 axes (height, width, channels), or 4 with a batch. "
            f"Received: shape {x.shape}"
        )
    return (expand_dims(x, 0), True) if x.ndim == 3 else (x, False)


def resize(
    images: TensorLike,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Images in another size.

    Args:
        images: tensor of shape (height, width, channels), or with a batch axis in front.
        size: (height, width) of the result.
        interpolation: "nearest", "bilinear" or "bicubic".
        antialias: whether images are smoothed where they shrink ("bilinear" and "bicubic").
        crop_to_aspect_ratio: cut the middle part with the proportions of `size` out first.
        pad_to_aspect_ratio: add borders first, up to the proportions of `size`.
        fill_mode: "constant".
        fill_value: the value of those borders.
        data_format: None or "channels_last".

    Returns:
        A float tensor with the new height and width.

    Raises:
        ValueError: an unknown interpolation, both ratios at once, or images that are none.

    Source: `keras.ops.image.resize`.

    >>> resize([[[0.0], [4.0]]], (1, 4)).numpy().ravel()
    array([0., 1., 3., 4.], dtype=float32)
    """
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"minidl keeps images channels-last. Received: data_format={data_format!r}"
        )
    if interpolation not in ("nearest", "bilinear", "bicubic"):
        raise ValueError(
            "resize: `interpolation` must be 'nearest', 'bilinear' or 'bicubic'. "
            f"Received: interpolation={interpolation!r}"
        )
    if fill_mode != "constant":
        raise ValueError(f"resize: `fill_mode` must be 'constant'. Received: {fill_mode!r}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize: images are cropped or padded to the aspect ratio, not both.")
    if len(size) != 2 or any(not hasattr(n, "__index__") or n < 1 for n in size):
        raise ValueError(f"resize: `size` must hold two positive integers. Received: size={size}")
    target = (int(size[0]), int(size[1]))
    x, single = _batch(images, "resize")
    height, width = x.shape[1:3]
    if crop_to_aspect_ratio:
        top, left, h, w = aspect_crop((height, width), target)
        x = x[:, top : top + h, left : left + w]
    elif pad_to_aspect_ratio:
        extra_h = (max(height, int(float(width * target[0]) / target[1])) - height) // 2
        extra_w = (max(width, int(float(height * target[1]) / target[0])) - width) // 2
        borders = ((0, 0), (extra_h, extra_h), (extra_w, extra_w), (0, 0))
        x = pad(x, borders, constant_values=fill_value)
    if interpolation == "nearest" or (interpolation == "bilinear" and not antialias):
        y = resize2d(x, target, interpolation)
    else:
        y = _by_matrices(x, target, interpolation, antialias)
    return squeeze(y, 0) if single else y


def _by_matrices(x: Tensor, size: tuple[int, int], kind: str, antialias: bool) -> Tensor:
    """One matrix over the rows of pixels, one over the columns."""
    n, h, w, c = x.shape
    rows = wrap(resampling_matrix(h, size[0], kind, antialias).astype(x.dtype))
    columns = wrap(resampling_matrix(w, size[1], kind, antialias).astype(x.dtype))
    y = reshape(matmul(rows, reshape(x, (n, h, w * c))), (n * size[0], w, c))
    y = matmul(columns, y)
    return reshape(y, (n, size[0], size[1], c))


def affine_transform(
    images: TensorLike,
    transform: TensorLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Images turned, moved, sheared and zoomed.

    Args:
        images: tensor of shape (height, width, channels), or with a batch axis in front.
        transform: 8 numbers (a0, a1, a2, b0, b1, b2, 0, 0), or a row of them for each image: the
            result at (x, y) is the input at (a0 x + a1 y + a2, b0 x + b1 y + b2), in pixels.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies beyond the border: "constant", "nearest" (the border's pixel),
            "wrap" (the other side), "reflect" or "mirror" (backwards, with or without the
            border's pixel twice).
        fill_value: the constant.
        data_format: None or "channels_last".

    Returns:
        A float tensor in the images' shape. Its gradient reaches the images, not `transform`.

    Raises:
        ValueError: an unknown mode, or shapes that do not fit.

    Source: `keras.ops.image.affine_transform` with the two projective numbers at 0.

    >>> shift = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    >>> affine_transform([[[1.0], [2.0], [3.0]]], shift).numpy().ravel()
    array([2., 3., 0.], dtype=float32)
    """
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"minidl keeps images channels-last. Received: data_format={data_format!r}"
        )
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(
            "affine_transform: `interpolation` must be 'nearest' or 'bilinear'. "
            f"Received: interpolation={interpolation!r}"
        )
    if fill_mode not in FILL_MODES:
        raise ValueError(
            f"affine_transform: `fill_mode` must be one of {', '.join(FILL_MODES)}. "
            f"Received: fill_mode={fill_mode!r}"
        )
    x, single = _batch(images, "affine_transform")
    numbers = as_tensor(transform).data
    if numbers.shape not in ((8,), (x.shape[0], 8)):
        raise ValueError(
            f"affine_transform: `transform` must have shape (8,) or ({x.shape[0]}, 8). "
            f"Received: shape {numbers.shape}"
        )
    if numbers[..., 6:].any():
        raise ValueError("affine_transform: the two projective numbers must be 0.")
    numbers = np.broadcast_to(numbers, (x.shape[0], 8))
    places = affine_places(x.shape, numbers, interpolation, fill_mode)
    y = _gather(x, places)
    if fill_mode == "constant" and fill_value:
        y = y + wrap((places.outside * fill_value).astype(x.dtype)[..., None])
    return squeeze(y, 0) if single else y


def _gather(x: Tensor, places: Places) -> Tensor:
    """Weighted sums of pixels; linear, so its gradient is the transposed sum."""
    return record(places.gather(x.data), (x,), (lambda dy: _spread(dy, places),))


def _spread(dy: Tensor, places: Places) -> Tensor:
    return record(places.spread(dy.data), (dy,), (lambda ddx: _gather(ddx, places),))


def rgb_to_grayscale(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Colours to brightness: 0.2989 red + 0.587 green + 0.114 blue.

    Args:
        images: float tensor whose last axis holds red, green and blue.
        data_format: None or "channels_last".

    Returns:
        A tensor with one channel.

    Raises:
        ValueError: the last axis does not hold 3 channels.

    Source: `keras.ops.image.rgb_to_grayscale`.

    >>> rgb_to_grayscale([[[0.0, 100.0, 0.0]]]).numpy().ravel()
    array([58.7], dtype=float32)
    """
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"minidl keeps images channels-last. Received: data_format={data_format!r}"
        )
    x, single = _batch(images, "rgb_to_grayscale")
    if x.shape[-1] != 3:
        raise ValueError(f"rgb_to_grayscale: images need 3 channels. Received: shape {x.shape}")
    y = matmul(x, wrap(np.array([[0.2989], [0.587], [0.114]], x.dtype)))
    return squeeze(y, 0) if single else y


__all__ = ["affine_transform", "resize", "rgb_to_grayscale"]
