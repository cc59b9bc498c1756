"""Convolution and pooling: images lie channels-last while they are worked on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ... import ops
from ..._tape import Tensor
from ...ops.conv2d import conv2d as _conv2d
from ._program import Hwio, Images, channels_last
from ._registry import IMAGES, Refused, check_size, operator, refuse

_PADDINGS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


class Window:
    """Sizes, steps and borders of a sliding window, as attributes say them."""

    def __init__(
        self,
        kernel: Sequence[int] | None,
        strides: Sequence[int] | None,
        dilations: Sequence[int] | None,
        pads: Sequence[int] | None,
        auto_pad: str,
        ceil_mode: int = 0,
    ):
        if auto_pad not in _PADDINGS:
            raise ValueError(f"auto_pad={auto_pad!r}")
        for name, values, least in (
            ("kernel_shape", kernel, 1),
            ("strides", strides, 1),
            ("dilations", dilations, 1),
            ("pads", pads, 0),
        ):
            if values is not None and any(not least <= n < 1 << 31 for n in values):
                raise ValueError(f"{name}={list(values)}")
        self.kernel, self.strides, self.dilations = kernel, strides, dilations
        self.pads, self.auto_pad, self.ceil_mode = pads, auto_pad, ceil_mode
        known = [v for v in (kernel, strides, dilations) if v is not None]
        known += [] if pads is None else [pads[: len(pads) // 2]]
        if any(len(v) > 2 for v in known):
            raise Refused(f"{len(known[0])} spatial axes; minidl has kernels for 1 and 2")

    def of(self, sizes: Sequence[int], kernel: Sequence[int]) -> tuple[list, list, list, list]:
        """Strides, dilations, borders and what `ceil_mode` adds behind, for each axis."""
        rank = len(sizes)
        if rank not in (1, 2):
            raise Refused(f"{rank} spatial axes; minidl has kernels for 1 and 2")
        strides = list(self.strides or [1] * rank)
        dilations = list(self.dilations or [1] * rank)
        pads = list(self.pads or [0] * 2 * rank)
        if {len(kernel), len(strides), len(dilations), len(pads) / 2} != {rank}:
            raise ValueError(f"the attributes do not fit {rank} spatial axes")
        borders, more = [], []
        for i, (n, k, s, d) in enumerate(zip(sizes, kernel, strides, dilations, strict=True)):
            reach = (k - 1) * d + 1
            front, back = pads[i], pads[i + rank]
            if self.auto_pad.startswith("SAME"):
                total = max((-(-n // s) - 1) * s + reach - n, 0)
                front = total // 2 if self.auto_pad == "SAME_UPPER" else total - total // 2
                back = total - front
            elif self.auto_pad == "VALID":
                front = back = 0
            extra = 0
            if self.ceil_mode:
                room = n + front + back - reach
                count = -(-room // s) + 1
                if (count - 1) * s >= n + front:  # a window that begins behind all
                    count -= 1
                extra = max((count - 1) * s - room, 0)
            borders.append((front, back))
            more.append(extra)
        return strides, dilations, borders, more


def as_2d(x: Tensor) -> Tensor:
    """Sequences as images of height 1."""
    return ops.expand_dims(x, 1) if x.ndim == 3 else x


def _two(values: Sequence, fill: Any) -> tuple:
    return (fill, *values) if len(values) == 1 else tuple(values)


def _back(y: Tensor, rank: int) -> Images:
    return Images(ops.squeeze(y, 1) if rank == 1 else y)


def hwio(kernel: Any) -> Any:
    """(..., channels / groups, filters) of (filters, channels / groups, ...)."""
    return ops.transpose(kernel, (*range(2, kernel.ndim), 1, 0))


@operator("Conv", layout=IMAGES)
def _conv(auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, pads=None, strides=None):
    window = Window(kernel_shape, strides, dilations, pads, auto_pad)
    if group < 1:
        raise ValueError(f"group={group}")

    def run(x, kernel, bias=None):
        x = channels_last(x)
        kernel = kernel.variable if isinstance(kernel, Hwio) else hwio(kernel)
        rank = x.ndim - 2
        size = tuple(kernel.shape[:-2])
        if kernel_shape is not None and tuple(kernel_shape) != size:
            raise ValueError(f"kernel_shape={kernel_shape} for a kernel of size {size}")
        steps, holes, borders, _ = window.of(x.shape[1:-1], size)
        x = as_2d(x)
        kernel = ops.expand_dims(kernel, 0) if rank == 1 else kernel
        steps, holes, borders = _two(steps, 1), _two(holes, 1), _two(borders, (0, 0))
        channels, filters = x.shape[-1], kernel.shape[-1]
        if group == channels and kernel.shape[-2] == 1 and group > 1 and max(holes) == 1:
            deep = ops.reshape(kernel, (*kernel.shape[:2], channels, filters // channels))
            y = ops.depthwise_conv2d(x, deep, bias, steps, borders)
        else:
            y = _conv2d(x, kernel, bias, steps, borders, holes, group)
        return _back(y, rank)

    return run


@operator("ConvTranspose", layout=IMAGES)
def _conv_transpose(
    auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, output_padding=None,
    output_shape=None, pads=None, strides=None,
):  # fmt: skip
    window = Window(kernel_shape, strides, dilations, pads, auto_pad)

    def run(x, kernel, bias=None):
        x = channels_last(x)
        rank = x.ndim - 2
        size = kernel.shape[2:]
        steps, holes, borders, _ = window.of(x.shape[1:-1], size)
        more = list(output_padding or [0] * rank)
        cuts, sizes = [], []
        for i, (n, k, s, d) in enumerate(zip(x.shape[1:-1], size, steps, holes, strict=True)):
            covered = (n - 1) * s + (k - 1) * d + 1 + more[i]
            front, back = borders[i]
            wanted = n * s if auto_pad.startswith("SAME") else None
            wanted = output_shape[-rank + i] if output_shape is not None else wanted
            if wanted is not None:
                total = max(covered - wanted, 0)
                front = total // 2 if auto_pad == "SAME_UPPER" else total - total // 2
                back = covered - wanted - front
            cuts.append((front, front + covered - front - back))
            sizes.append(max(covered, cuts[-1][1]))
        check_size((x.shape[0], kernel.shape[1] * group, *sizes))
        parts = []
        x = as_2d(x)
        steps, holes, more = _two(steps, 1), _two(holes, 1), _two(more, 0)
        turned = ops.transpose(kernel, (*range(2, kernel.ndim), 1, 0))
        turned = ops.expand_dims(turned, 0) if rank == 1 else turned
        for a, b in zip(ops.split(x, group, -1), ops.split(turned, group, -1), strict=True):
            # what the windows cover, then rows of zeros, then the cut
            y = ops.conv2d_transpose(a, b, None, steps, "valid", (0, 0), holes)
            parts.append(y)
        y = parts[0] if group == 1 else ops.concatenate(parts, -1)
        behind = [max(n - m, 0) for n, m in zip(_two(sizes, 1), y.shape[1:3], strict=True)]
        if any(behind):
            y = ops.pad(y, ((0, 0), *((0, n) for n in behind), (0, 0)))
        ranges = _two([slice(a, b) for a, b in cuts], slice(None))
        y = ops.getitem(y, (slice(None), *ranges))
        return _back(y if bias is None else y + bias, rank)

    return run


# -- pooling --------------------------------------------------------------------------------------
def _pooled(x: Tensor, window: Window, kernel: Sequence[int], function: Any) -> Images:
    rank = x.ndim - 2
    steps, _, borders, more = window.of(x.shape[1:-1], kernel)
    borders = [(a, b + e) for (a, b), e in zip(borders, more, strict=True)]
    size = _two(kernel, 1)
    return _back(function(as_2d(x), size, _two(steps, 1), _two(borders, (0, 0))), rank)


def _no_holes(dilations: Any) -> None:
    if dilations is not None and any(d != 1 for d in dilations):
        raise Refused(f"attribute dilations={list(dilations)}: windows of pooling have no holes")


@operator("MaxPool", layout=IMAGES)
def _max_pool(
    kernel_shape, auto_pad="NOTSET", ceil_mode=0, dilations=None, pads=None, storage_order=0,
    strides=None, _outputs=1,
):  # fmt: skip
    if _outputs > 1:
        raise Refused("a second output, the places of the maxima")
    _no_holes(dilations)
    window = Window(kernel_shape, strides, None, pads, auto_pad, ceil_mode)

    def run(x):
        x = channels_last(x)
        dtype = x.data.dtype
        if dtype.kind == "f":
            return _pooled(x, window, kernel_shape, ops.max_pool2d)
        wide = ops.cast(x, "float32")  # 8 bits, exactly
        out = _pooled(wide, window, kernel_shape, ops.max_pool2d)
        return Images(ops.cast(out.last, dtype))

    return run


@operator("AveragePool", layout=IMAGES)
def _average_pool(
    kernel_shape, auto_pad="NOTSET", ceil_mode=0, count_include_pad=0, dilations=None, pads=None,
    strides=None,
):  # fmt: skip
    _no_holes(dilations)
    window = Window(kernel_shape, strides, None, pads, auto_pad, ceil_mode)

    def run(x):
        return _averaged(channels_last(x), window, kernel_shape, count_include_pad)

    return run


def _averaged(x: Tensor, window: Window, kernel: Sequence[int], count_zeros: int) -> Images:
    if not count_zeros:
        return _pooled(x, window, kernel, ops.average_pool2d)
    steps, _, borders, more = window.of(x.shape[1:-1], kernel)
    x = ops.pad(x, ((0, 0), *borders, (0, 0)))
    behind = [n for e in more for n in (0, e)]
    behind = behind[::2] + behind[1::2]
    return _pooled(x, Window(kernel, steps, None, behind, "NOTSET"), kernel, ops.average_pool2d)


@operator("LpPool", layout=IMAGES)
def _lp_pool(
    kernel_shape, auto_pad="NOTSET", ceil_mode=0, dilations=None, p=2, pads=None, strides=None
):
    _no_holes(dilations)
    refuse(ceil_mode=ceil_mode or None)
    window = Window(kernel_shape, strides, None, pads, auto_pad)

    def run(x):
        powers = ops.power(ops.abs(channels_last(x)), float(p))
        means = _averaged(powers, window, kernel_shape, 1).last
        return Images(ops.power(means * float(math.prod(kernel_shape)), 1.0 / p))

    return run


def _global(name: str, function: Any) -> None:
    @operator(name, layout=IMAGES)
    def make():
        def run(x):
            x = channels_last(x)
            return Images(function(x, tuple(range(1, x.ndim - 1)), True))

        return run


_global("GlobalAveragePool", ops.mean)
_global("GlobalMaxPool", ops.max)
