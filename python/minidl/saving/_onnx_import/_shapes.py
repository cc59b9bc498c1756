"""Operators on shapes, indices and dtypes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ..._symbolic import broadcast
from ..._tape import Tensor
from ._program import Images, plain
from ._read import dtype_of
from ._registry import PLAIN, RAW, Refused, axes_in, check_size, ints, operator, simple


def _at(x: Any) -> np.ndarray:
    return np.asarray(x.data)


# -- from nothing ---------------------------------------------------------------------------------
@operator("Constant")
def _constant(value=None, value_float=None, value_floats=None, value_int=None, value_ints=None):
    given = [
        (value, None),
        (value_float, "float32"),
        (value_floats, "float32"),
        (value_int, "int64"),
        (value_ints, "int64"),
    ]
    found = [np.asarray(v, d) for v, d in given if v is not None]
    if len(found) != 1:
        raise ValueError(f"it has {len(found)} values")
    tensor = Tensor(found[0])
    return lambda: tensor


@operator("ConstantOfShape")
def _constant_of_shape(value=None):
    value = np.zeros(1, "float32") if value is None else value
    if value.size != 1:
        raise ValueError(f"value has shape {value.shape}; it must hold one number")

    def run(shape):
        sizes = ints(shape)
        check_size(sizes)
        return Tensor(np.full(sizes, value.reshape(())[()], value.dtype))

    return run


@operator("Range")
def _range():
    def run(start, limit, delta):
        first, last, step = (_at(x).reshape(())[()] for x in (start, limit, delta))
        if step == 0:
            raise ValueError("delta is 0")
        count = max(math.ceil((last.astype("float64") - first) / step), 0)
        check_size((count,))
        return Tensor(first + np.arange(count).astype(first.dtype) * step)

    return run


@operator("EyeLike")
def _eye_like(dtype=None, k=0):
    wanted = None if dtype is None else dtype_of(dtype, "attribute dtype")

    def run(x):
        if x.ndim != 2:
            raise ValueError(f"the input has {x.ndim} axes; it must have 2")
        return Tensor(np.eye(*x.shape, k, dtype=wanted or x.data.dtype))

    return run


@operator("OneHot")
def _one_hot(axis=-1):
    def run(indices, depth, values):
        at = _at(indices).astype("int64")
        count = int(_at(depth).reshape(()))
        (place,) = axes_in([axis], at.ndim + 1)
        check_size((*at.shape, count))
        at = np.expand_dims(np.where(at < 0, at + count, at), place)
        hot = at == np.arange(count).reshape(-1, *(1,) * (at.ndim - 1 - place))
        off, on = _at(values)
        return Tensor(np.where(hot, on, off))

    return run


# -- dtypes ---------------------------------------------------------------------------------------
@operator("Cast")
def _cast(to, saturate=1, round_mode=None):
    dtype = dtype_of(to, "attribute to")
    return lambda x: ops.cast(x, dtype)


@operator("CastLike")
def _cast_like(saturate=1, round_mode=None):
    return lambda x, target: ops.cast(x, target.data.dtype)


# -- shapes ---------------------------------------------------------------------------------------
@operator("Shape")
def _shape(start=0, end=None):
    return lambda x: Tensor(np.array(x.shape[slice(start, end)], "int64"))


simple("Size", lambda x: Tensor(np.array(math.prod(x.shape), "int64")), PLAIN)


@operator("Reshape")
def _reshape(allowzero=0):
    def run(x, shape):
        sizes = ints(shape)
        if not allowzero:
            if any(n == 0 and i >= x.ndim for i, n in enumerate(sizes)):
                raise ValueError(f"shape {sizes} copies a size that the input, {x.shape}, lacks")
            sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(sizes)]
        if sizes.count(-1) > 1 or any(n < -1 for n in sizes):
            raise ValueError(f"shape {sizes} has more than one open size")
        return ops.reshape(x, sizes)

    return run


@operator("Flatten")
def _flatten(axis=1):
    def run(x):
        if not -x.ndim <= axis <= x.ndim:
            raise ValueError(f"axis {axis} is out of range for {x.ndim} axes")
        cut = axis if axis >= 0 else axis + x.ndim
        return ops.reshape(x, (math.prod(x.shape[:cut]), math.prod(x.shape[cut:])))

    return run


@operator("Transpose")
def _transpose(perm=None):
    return lambda x: ops.transpose(x, perm)


@operator("Squeeze")
def _squeeze(axes=None):
    def run(x, given=None):
        chosen = axes if given is None else ints(given)
        if chosen is None:
            return ops.squeeze(x)
        return ops.squeeze(x, tuple(axes_in(chosen, x.ndim))) if chosen else x

    return run


@operator("Unsqueeze")
def _unsqueeze(axes=None):
    def run(x, given=None):
        chosen = axes if given is None else ints(given)
        if chosen is None:
            raise ValueError("no axes are given")
        return ops.expand_dims(x, tuple(axes_in(chosen, x.ndim + len(chosen)))) if chosen else x

    return run


@operator("Expand")
def _expand():
    def run(x, shape):
        wanted = broadcast(tuple(x.shape), tuple(ints(shape)))
        check_size(wanted)
        return ops.broadcast_to(x, wanted)

    return run


@operator("Tile")
def _tile():
    def run(x, repeats):
        times = ints(repeats)
        if len(times) != x.ndim:
            raise ValueError(f"{len(times)} repeats for {x.ndim} axes")
        check_size([n * t for n, t in zip(x.shape, times, strict=True)])
        return ops.tile(x, times) if times else x

    return run


@operator("Concat", layout=RAW)
def _concat(axis):
    def run(first, *rest):
        xs = [first, *rest]
        if all(isinstance(x, Images) for x in xs):
            return Images(ops.concatenate([x.last for x in xs], first.place(axis)))
        return ops.concatenate([plain(x) for x in xs], axis)

    return run


@operator("Split")
def _split(axis=0, split=None, num_outputs=None, _outputs=1):
    def run(x, given=None):
        (along,) = axes_in([axis], x.ndim)
        n = x.shape[along]
        sizes = split if given is None else ints(given)
        if sizes is None:
            each = -(-n // _outputs)
            sizes = [max(min(each, n - i * each), 0) for i in range(_outputs)]
        if sum(sizes) != n or min(sizes, default=0) < 0 or len(sizes) != _outputs:
            raise ValueError(f"an axis of size {n} cannot be split into {sizes}")
        parts = ops.split(x, np.cumsum(sizes)[:-1].tolist(), along)
        return tuple(parts)

    return run


@operator("Slice")
def _slice(starts=None, ends=None, axes=None):
    def run(x, starts_=None, ends_=None, axes_=None, steps_=None):
        first = starts if starts_ is None else ints(starts_)
        last = ends if ends_ is None else ints(ends_)
        if first is None or last is None or len(first) != len(last):
            raise ValueError("starts and ends must be of one length")
        along = axes if axes_ is None else ints(axes_)
        along = axes_in(range(len(first)) if along is None else along, x.ndim)
        steps = [1] * len(first) if steps_ is None else ints(steps_)
        if not len(first) == len(along) == len(steps) or 0 in steps:
            raise ValueError("axes and steps must be as many as starts, and no step 0")
        key = [slice(None)] * x.ndim
        for a, b, axis, step in zip(first, last, along, steps, strict=True):
            n = x.shape[axis]
            a = a + n if a < 0 else a
            b = b + n if b < 0 else b
            if step > 0:
                a, b = min(max(a, 0), n), min(max(b, 0), n)
                key[axis] = slice(a, b, step)
            else:
                a, b = min(max(a, 0), n - 1), min(max(b, -1), n - 1)
                key[axis] = slice(a, None if b < 0 else b, step)
                if n == 0:
                    key[axis] = slice(0, 0)
        return ops.getitem(x, tuple(key))

    return run


@operator("Pad", layout=RAW)
def _pad(mode="constant", pads=None, value=0.0):
    if mode not in ("constant", "reflect", "edge", "wrap"):
        raise Refused(f"attribute mode={mode!r}")

    def run(x, pads_=None, value_=None, axes_=None):
        borders = pads if pads_ is None else ints(pads_)
        axes = axes_in(range(x.ndim) if axes_ is None else ints(axes_), x.ndim)
        if borders is None or len(borders) != 2 * len(axes):
            raise ValueError(f"{borders} are no pads for {len(axes)} axes")
        both = [(0, 0)] * x.ndim
        for i, axis in enumerate(axes):
            both[axis] = (borders[i], borders[i + len(axes)])
        check_size([n + a + b for n, (a, b) in zip(x.shape, both, strict=True)])
        cut = tuple(
            slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, both, strict=True)
        )
        if any(min(pair) < 0 for pair in both):
            x = ops.getitem(plain(x), cut)
            both = [(max(a, 0), max(b, 0)) for a, b in both]
        if mode != "constant":
            return _by_indices(plain(x), both, mode)
        fill = value if value_ is None else _at(value_).reshape(())[()]
        if isinstance(x, Images):
            both = [both[0], *both[2:], both[1]]
            out = ops.pad(x.last, both, constant_values=np.asarray(fill, x.last.data.dtype)[()])
            return Images(out)
        return ops.pad(x, both, constant_values=np.asarray(fill, x.data.dtype)[()])

    return run


def _by_indices(x: Any, borders: list[tuple[int, int]], mode: str) -> Any:
    """Borders that repeat values of the inside."""
    for axis, (before, after) in enumerate(borders):
        if before or after:
            if not x.shape[axis]:
                raise ValueError("an empty axis cannot be padded with its values")
            at = np.pad(np.arange(x.shape[axis]), (before, after), mode)  # type: ignore[call-overload]
            x = ops.take(x, at, axis)
    return x


@operator("Trilu")
def _trilu(upper=1):
    def run(x, k=None):
        shift = 0 if k is None else int(_at(k).reshape(()))
        shift = min(max(shift, -(1 << 31)), 1 << 31)
        rows, columns = x.shape[-2:]
        apart = np.arange(columns) - np.arange(rows)[:, None]
        keep = apart >= shift if upper else apart <= shift
        return ops.where(np.broadcast_to(keep, x.shape), x, ops.zeros_like(x))

    return run


@operator("DepthToSpace")
def _depth_to_space(blocksize, mode="DCR"):
    if mode not in ("DCR", "CRD") or blocksize < 1:
        raise ValueError(f"mode={mode!r}, blocksize={blocksize}")

    def run(x):
        n, c, h, w = x.shape
        b = blocksize
        if mode == "DCR":
            parts = ops.transpose(ops.reshape(x, (n, b, b, c // b**2, h, w)), (0, 3, 4, 1, 5, 2))
        else:
            parts = ops.transpose(ops.reshape(x, (n, c // b**2, b, b, h, w)), (0, 1, 4, 2, 5, 3))
        return ops.reshape(parts, (n, c // b**2, h * b, w * b))

    return run


@operator("SpaceToDepth")
def _space_to_depth(blocksize, mode="DCR"):
    def run(x):
        n, c, h, w = x.shape
        b = blocksize
        parts = ops.reshape(x, (n, c, h // b, b, w // b, b))
        order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
        return ops.reshape(ops.transpose(parts, order), (n, c * b * b, h // b, w // b))

    return run


@operator("CenterCropPad")
def _center_crop_pad(axes=None):
    def run(x, shape):
        along = axes_in(range(x.ndim) if axes is None else axes, x.ndim)
        sizes = ints(shape)
        check_size(sizes)
        key, borders = [slice(None)] * x.ndim, [(0, 0)] * x.ndim
        for axis, wanted in zip(along, sizes, strict=True):
            n = x.shape[axis]
            if n > wanted:
                first = (n - wanted) // 2
                key[axis] = slice(first, first + wanted)
            else:
                first = (wanted - n) // 2
                borders[axis] = (first, wanted - n - first)
        return ops.pad(ops.getitem(x, tuple(key)), borders)

    return run
