"""Images in another size."""

from __future__ import annotations

from minidl import _core
from minidl._tape import Tensor, as_float, record
from minidl.ops._typing import Pair, TensorLike
from minidl.ops._window import expect_images, read_pair


def resize2d(x: TensorLike, size: Pair, interpolation: str = "bilinear") -> Tensor:
    """Images in another size; pixel centres lie at half steps, and nothing is smoothed beforehand.

    Args:
        x: float tensor of shape (batch, height, width, channels).
        size: the new size, one number or (height, width).
        interpolation: "nearest" (the pixel under the new one's centre) or "bilinear" (weighted by
            distance, the pixels of the border go on outside).

    Returns:
        A tensor of shape (batch, new height, new width, channels). It can be differentiated twice.

    Raises:
        ValueError: if the images are empty, or an argument is out of range.

    Source: `keras.ops.image.resize` with `antialias=False`.

    >>> resize2d([[[[0.0], [4.0]]]], (1, 4)).numpy().ravel()
    array([0., 1., 3., 4.], dtype=float32)
    >>> resize2d([[[[0.0], [4.0]]]], (1, 4), "nearest").numpy().ravel()
    array([0., 0., 4., 4.], dtype=float32)
    """
    x = as_float(x)
    expect_images(x.shape, "resize2d")
    if min(x.shape[1:3]) < 1:
        raise ValueError(f"resize2d: images must not be empty. Received: shape {x.shape}")
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(
            "resize2d: `interpolation` must be 'nearest' or 'bilinear'. "
            f"Received: interpolation={interpolation!r}"
        )
    return _resize(x, read_pair(size, "size", "resize2d"), interpolation)


def _resize(x: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    shape = x.shape
    return record(
        _core.resize2d(x.data, size, interpolation),
        (x,),
        (lambda dy: _resize_grad(dy, shape, interpolation),),
    )


def _resize_grad(dy: Tensor, shape: tuple[int, ...], interpolation: str) -> Tensor:
    # Linear in dy: its own gradient is the forward pass again.
    size = dy.shape[1], dy.shape[2]
    return record(
        _core.resize2d_grad(dy.data, shape, interpolation),
        (dy,),
        (lambda ddx: _resize(ddx, size, interpolation),),
    )
