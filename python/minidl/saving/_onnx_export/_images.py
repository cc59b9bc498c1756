"""Borders, other sizes, and what prepares images."""

from __future__ import annotations

import numpy as np

from ... import layers as L
from ...config import epsilon
from ...ops._resampling import resampling_matrix
from ...ops.image import aspect_crop
from ._convolutions import channels_first, channels_last
from ._graph import Value, Writer
from ._registry import layer, op
from ._shaping import END


# -- borders --------------------------------------------------------------------------------------
@layer(L.ZeroPadding1D)
def _padding_1d(w, layer, x):
    return w.pad(x, [(0, 0), layer.padding, (0, 0)])


@layer(L.ZeroPadding2D)
def _padding_2d(w, layer, x):
    return w.pad(x, [(0, 0), *layer.padding, (0, 0)])


@layer(L.Cropping1D)
def _cropping_1d(w, layer, x):
    return crop(w, x, [layer.cropping])


@layer(L.Cropping2D)
def _cropping_2d(w, layer, x):
    return crop(w, x, layer.cropping)


def crop(w: Writer, x: Value, borders) -> Value:
    """Without some entries before and behind, from axis 1 on."""
    starts = [front for front, _ in borders]
    ends = [-back if back else END for _, back in borders]
    return w.slice(x, starts, ends, range(1, 1 + len(starts)))


def window(w: Writer, x: Value, top: int, left: int, height: int, width: int) -> Value:
    """A part of the images."""
    if (top, left, height, width) == (0, 0, *x.shape[1:3]):
        return x
    return w.slice(x, [top, left], [top + height, left + width], [1, 2])


# -- sizes ----------------------------------------------------------------------------------------
def resize(w: Writer, x: Value, kind: str, scales=None, size=None) -> Value:
    """`Resize` with pixel centres at half steps."""
    if scales is not None:
        shape = [None if n is None else n * s for n, s in zip(x.shape[1:-1], scales, strict=True)]
        how = [None, w.const([1, 1, *scales], "float32")]
    else:
        shape = list(size)
        lead = w.sizes(channels_first(w, x), 0, 2)
        wanted = w.concat([lead, w.const(list(size), "int64")], 0)
        how = [None, None, wanted]
    mode = {"nearest": "nearest", "bilinear": "linear"}[kind]
    out = w.node(
        "Resize",
        [channels_first(w, x), *how],
        (x.shape[0], x.shape[-1], *shape),
        mode=mode,
        coordinate_transformation_mode="half_pixel",
        nearest_mode="round_prefer_ceil" if kind == "nearest" else None,
    )
    return channels_last(w, out)


@layer(L.UpSampling1D, floats=True)
def _upsampling_1d(w, layer, x):
    return resize(w, x, "nearest", (layer.size,))


@layer(L.UpSampling2D, floats=True)
def _upsampling_2d(w, layer, x):
    return resize(w, x, layer.interpolation, layer.size)


@op("resize2d")
def _resize_2d(w, x, size, interpolation="bilinear"):
    size = (size, size) if isinstance(size, int) else tuple(size)
    return resize(w, x, interpolation, size=size)


@op("image.resize")
def resize_images(
    w, images, size, interpolation="bilinear", antialias=False, crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False, fill_mode="constant", fill_value=0.0, data_format=None,
):  # fmt: skip
    x = w.value(images)
    single = x.ndim == 3
    x = w.expand_dims(x, 0) if single else x
    height, width = x.shape[1:3]
    matrices = interpolation == "bicubic" or (interpolation == "bilinear" and antialias)
    if None in (height, width) and (crop_to_aspect_ratio or pad_to_aspect_ratio or matrices):
        raise NotImplementedError(
            f"{w.scope}: images of open size can be exported only with interpolation='nearest' or "
            "'bilinear', without antialias and without regard to the aspect ratio. Give the size "
            "in `Input`."
        )
    target = tuple(size)
    if crop_to_aspect_ratio:
        x = window(w, x, *aspect_crop((height, width), target))
    elif pad_to_aspect_ratio:
        extra_h = (max(height, int(float(width * target[0]) / target[1])) - height) // 2
        extra_w = (max(width, int(float(height * target[1]) / target[0])) - width) // 2
        x = w.pad(x, [(0, 0), (extra_h, extra_h), (extra_w, extra_w), (0, 0)], fill_value)
    if matrices:
        for axis in (0, 1):
            old, new = x.shape[1 + axis], target[axis]
            matrix = resampling_matrix(old, new, interpolation, antialias).astype(x.dtype)
            turned = x if axis else w.transpose(x, (0, 2, 1, 3))
            turned = w.matmul(w.const(matrix), turned)
            x = turned if axis else w.transpose(turned, (0, 2, 1, 3))
    else:
        x = resize(w, x, interpolation, size=target)
    return w.squeeze(x, 0) if single else x


def _batched(w, layer, x: Value) -> tuple[Value, bool]:
    x = w.cast(x, layer._np_dtype)
    return (w.expand_dims(x, 0), True) if x.ndim == 3 else (x, False)


@layer(L.Resizing)
def _resizing(w, layer, x):
    return resize_images(
        *(w, w.cast(x, layer._np_dtype), (layer.height, layer.width), layer.interpolation),
        *(layer.antialias, layer.crop_to_aspect_ratio, layer.pad_to_aspect_ratio),
        *(layer.fill_mode, layer.fill_value),
    )


@layer(L.CenterCrop)
def _center_crop(w, layer, x):
    x, single = _batched(w, layer, x)
    size = (layer.height, layer.width)
    _known(layer, x)
    top, left = x.shape[1] - layer.height, x.shape[2] - layer.width
    if top >= 0 and left >= 0:
        x = window(w, x, top // 2, left // 2, *size)
    else:
        x = resize_images(w, x, size, crop_to_aspect_ratio=True)
    return w.squeeze(x, 0) if single else x


@layer(L.RandomCrop)
def _random_crop(w, layer, x):
    """Without training: the middle part of that aspect ratio, resized."""
    x, single = _batched(w, layer, x)
    size = (layer.height, layer.width)
    _known(layer, x)
    x = window(w, x, *aspect_crop(x.shape[1:3], size))
    if x.shape[1:3] != size:
        x = resize(w, x, "bilinear", size=size)
    return w.squeeze(x, 0) if single else x


def _known(layer, x: Value) -> None:
    if None in x.shape[1:3]:
        raise NotImplementedError(
            f"Layer '{layer.name}' ({type(layer).__name__}) can be exported to ONNX for images of "
            f"known size only. Received: shape {x.shape}"
        )


@layer(
    *(L.RandomFlip, L.RandomRotation, L.RandomZoom, L.RandomTranslation),
    *(L.RandomContrast, L.RandomBrightness),
)
def _augmentation(w, layer, x):
    """Works in training only."""
    return w.cast(x, layer._np_dtype)


# -- values ---------------------------------------------------------------------------------------
@layer(L.Rescaling)
def _rescaling(w, layer, x):
    scale, offset = layer._values
    out = w.binary("Mul", w.cast(x, layer._np_dtype), scale)
    return w.binary("Add", out, offset)


@layer(L.Normalization)
def _normalization(w, layer, x):
    mean, variance = layer._statistics()
    deviation = np.maximum(np.sqrt(variance.data), epsilon()).astype(layer._np_dtype)
    x = w.cast(x, layer._np_dtype)
    if layer.invert:
        return w.binary("Add", w.binary("Mul", x, deviation), mean)
    return w.binary("Div", w.binary("Sub", x, mean), deviation)
