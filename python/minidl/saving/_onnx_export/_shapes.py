"""Ops on shapes, and sums over axes."""

from __future__ import annotations

import math

import numpy as np

from ._elementwise import as_float
from ._registry import op
from ._shaping import END


# -- shapes ---------------------------------------------------------------------------------------
@op("reshape")
def _reshape(w, x, newshape):
    newshape = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    x = w.value(x)
    if -1 in newshape and None not in x.shape:
        known = math.prod(n for n in newshape if n != -1)
        newshape = tuple(math.prod(x.shape) // max(known, 1) if n == -1 else n for n in newshape)
    return w.reshape(x, newshape)


@op("ravel")
def _ravel(w, x):
    return _reshape(w, x, -1)


@op("transpose")
def _transpose(w, x, axes=None):
    x = w.value(x)
    return w.transpose(x, range(x.ndim)[::-1] if axes is None else axes)


@op("swapaxes")
def swapaxes(w, x, axis1, axis2):
    x = w.value(x)
    order = list(range(x.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return w.transpose(x, order)


@op("moveaxis")
def moveaxis(w, x, source, destination):
    x = w.value(x)
    source = [source] if isinstance(source, int) else list(source)
    destination = [destination] if isinstance(destination, int) else list(destination)
    source = [a % x.ndim for a in source]
    order = [a for a in range(x.ndim) if a not in source]
    for target, axis in sorted(zip((d % x.ndim for d in destination), source, strict=True)):
        order.insert(target, axis)
    return w.transpose(x, order)


@op("expand_dims")
def _expand_dims(w, x, axis):
    return w.expand_dims(w.value(x), axis)


@op("squeeze")
def _squeeze(w, x, axis=None):
    return w.squeeze(w.value(x), axis)


@op("broadcast_to")
def _broadcast_to(w, x, shape):
    return w.expand(w.value(x), w.const(list(shape), "int64"), shape)


@op("flip")
def _flip(w, x, axis=None):
    x = w.value(x)
    for a in range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis:
        x = w.flip(x, a)
    return x


@op("getitem")
def _getitem(w, x, key):
    x = w.value(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    plain = [k for k in keys if isinstance(k, (slice, int)) and not isinstance(k, bool)]
    others = [k for k in keys if k is not None and k is not Ellipsis]
    if len(plain) != len(others):
        raise NotImplementedError(
            f"{w.scope}: indexing by an array cannot be exported to ONNX. Use `ops.take`."
        )
    if Ellipsis not in keys:
        keys.append(Ellipsis)
    at = keys.index(Ellipsis)
    keys[at : at + 1] = [slice(None)] * (x.ndim - len(plain))
    starts, ends, axes, steps, gone, new = [], [], [], [], [], []
    axis = place = 0
    for k in keys:
        if k is None:
            new.append(place)
            place += 1
            continue
        if isinstance(k, slice):
            step = 1 if k.step is None else k.step
            if (k.start, k.stop, step) != (None, None, 1):
                starts.append(k.start if k.start is not None else 0 if step > 0 else END)
                ends.append(k.stop if k.stop is not None else END if step > 0 else -END)
                axes.append(axis)
                steps.append(step)
            place += 1
        else:
            starts.append(k)
            ends.append(END if k == -1 else k + 1)
            axes.append(axis)
            steps.append(1)
            gone.append(axis)
        axis += 1
    if axes:
        x = w.slice(x, starts, ends, axes, steps)
    if gone:
        x = w.squeeze(x, gone)
    return w.expand_dims(x, new) if new else x


@op("concatenate")
def _concatenate(w, xs, axis=0):
    return w.concat([w.value(x) for x in xs], axis)


@op("stack")
def _stack(w, x, axis=0):
    values = [w.value(v) for v in x]
    return w.concat([w.expand_dims(v, axis % (v.ndim + 1)) for v in values], axis)


@op("split")
def _split(w, x, indices_or_sections, axis=0):
    x = w.value(x)
    axis %= x.ndim
    n = x.shape[axis]
    if isinstance(indices_or_sections, int):
        sizes = [n // indices_or_sections] * indices_or_sections
    else:
        sizes = np.diff([0, *indices_or_sections, n]).tolist()
    return w.split(x, sizes, axis)


@op("pad")
def _pad(w, x, pad_width, mode="constant", constant_values=None):
    x = w.value(x)
    borders = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    if mode == "constant":
        return w.pad(x, borders, 0 if constant_values is None else constant_values)
    modes = {"reflect": "reflect", "edge": "edge"}
    if mode not in modes:
        raise NotImplementedError(f"{w.scope}: pad of mode {mode!r} cannot be exported to ONNX.")
    pads = w.const([b[0] for b in borders] + [b[1] for b in borders], "int64")
    shape = [None if n is None else n + sum(b) for n, b in zip(x.shape, borders, strict=True)]
    return w.node("Pad", [x, pads], shape, mode=modes[mode])


@op("tile")
def _tile(w, x, repeats):
    x = w.value(x)
    repeats = [repeats] if isinstance(repeats, int) else list(repeats)
    repeats = [1] * (x.ndim - len(repeats)) + repeats
    if len(repeats) > x.ndim:
        x = w.expand_dims(x, list(range(len(repeats) - x.ndim)))
    shape = [None if n is None else n * r for n, r in zip(x.shape, repeats, strict=True)]
    return w.node("Tile", [x, w.const(repeats, "int64")], shape)


@op("repeat")
def repeat(w, x, repeats, axis=None):
    x = w.value(x)
    if axis is None or not isinstance(repeats, int) or x.shape[axis] is None:
        raise NotImplementedError(
            f"{w.scope}: `repeat` is exported with one number of repeats along an axis of known "
            f"size. Received: repeats={repeats}, axis={axis}, shape {x.shape}"
        )
    axis %= x.ndim
    indices = np.repeat(np.arange(x.shape[axis]), repeats)
    shape = (*x.shape[:axis], len(indices), *x.shape[axis + 1 :])
    return w.node("Gather", [x, w.const(indices, "int64")], shape, axis=axis)


@op("take")
def _take(w, x, indices, axis=None):
    x, indices = w.value(x), w.value(indices)
    if axis is None:
        x, axis = _ravel(w, x), 0
    axis %= x.ndim
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return w.node("Gather", [x, w.cast(indices, "int64")], shape, axis=axis)


@op("embedding")
def embedding(w, table, indices):
    return _take(w, table, indices, 0)


@op("one_hot")
def _one_hot(w, x, num_classes, axis=-1, dtype=None):
    x = w.value(x)
    axis %= x.ndim + 1
    dtype = np.dtype(dtype or "float32")
    inputs = [w.cast(x, "int64"), w.const([num_classes], "int64"), w.const([0, 1], dtype)]
    shape = (*x.shape[:axis], num_classes, *x.shape[axis:])
    return w.node("OneHot", inputs, shape, dtype, axis=axis)


@op("full_like")
def full_like(w, x, fill_value, dtype=None):
    x = w.value(x)
    return w.expand(w.const(fill_value, np.dtype(dtype or x.dtype)), w.sizes(x, 0, x.ndim), x.shape)


@op("ones_like")
def _ones_like(w, x, dtype=None):
    return full_like(w, x, 1, dtype)


@op("zeros_like")
def _zeros_like(w, x, dtype=None):
    return full_like(w, x, 0, dtype)


def _triangular(name: str, upper: int) -> None:
    @op(name)
    def write(w, x, k=0):
        return w.node("Trilu", [w.value(x), w.const(k, "int64")], upper=upper)


_triangular("tril", 0)
_triangular("triu", 1)


@op("top_k")
def _top_k(w, x, k, sorted=True):
    x = w.value(x)
    shape = (*x.shape[:-1], k)
    size = w.const([k], "int64")
    values, indices = w.nodes_of("TopK", [x, size], [(shape, None), (shape, "int64")], axis=-1)
    return values, w.cast(indices, "int32")


@op("take_along_axis")
def _take_along_axis(w, x, indices, axis=None):
    x, indices = w.value(x), w.cast(w.value(indices), "int64")
    if axis is None:
        raise NotImplementedError(f"{w.scope}: take_along_axis of a flat tensor has no ONNX form.")
    return w.node("GatherElements", [x, indices], indices.shape, axis=axis % x.ndim)


@op("cumsum")
def _cumsum(w, x, axis=None, **_):
    x = w.value(x)
    if axis is None:
        x, axis = _ravel(w, x), 0
    return w.node("CumSum", [x, w.const(axis % x.ndim, "int64")])


# -- sums -----------------------------------------------------------------------------------------
def axes_of(axis, rank: int) -> list[int]:
    """An `axis` argument as a list of axes."""
    if axis is None:
        return list(range(rank))
    return [a % rank for a in ([axis] if isinstance(axis, int) else axis)]


def _reduction(name: str, operator: str, floats: bool) -> None:
    @op(name)
    def write(w, x, axis=None, keepdims=False, **options):
        if any(v is not None for v in options.values()):
            raise NotImplementedError(f"{w.scope}: ops.{name} with {options} cannot be exported.")
        x = as_float(w, x) if floats else w.value(x)
        return w.reduce(operator, x, axes_of(axis, x.ndim), keepdims)


for _name, _operator in {
    "sum": "ReduceSum",
    "mean": "ReduceMean",
    "max": "ReduceMax",
    "min": "ReduceMin",
    "amax": "ReduceMax",
    "amin": "ReduceMin",
    "prod": "ReduceProd",
    "logsumexp": "ReduceLogSumExp",
}.items():
    _reduction(_name, _operator, _name in ("mean", "logsumexp"))


@op("any")
def any_of(w, x, axis=None, keepdims=False):
    x = w.cast(w.cast(w.value(x), bool), "int32")
    return w.cast(w.reduce("ReduceMax", x, axes_of(axis, x.ndim), keepdims), bool)


@op("all")
def _all_of(w, x, axis=None, keepdims=False):
    x = w.cast(w.cast(w.value(x), bool), "int32")
    return w.cast(w.reduce("ReduceMin", x, axes_of(axis, x.ndim), keepdims), bool)


@op("var")
def variance(w, x, axis=None, keepdims=False):
    x = as_float(w, x)
    axes = axes_of(axis, x.ndim)
    off = w.binary("Sub", x, w.reduce("ReduceMean", x, axes, True))
    return w.reduce("ReduceMean", w.binary("Mul", off, off), axes, keepdims)


@op("std")
def _std(w, x, axis=None, keepdims=False):
    return w.unary("Sqrt", variance(w, x, axis, keepdims))


def _arg(name: str, operator: str) -> None:
    @op(name)
    def write(w, x, axis=None, keepdims=False):
        x = w.value(x)
        if axis is None:
            x, axis = _ravel(w, x), 0
        axis %= x.ndim
        kept = (1,) if keepdims else ()
        shape = (*x.shape[:axis], *kept, *x.shape[axis + 1 :])
        out = w.node(operator, [x], shape, "int64", axis=axis, keepdims=int(keepdims))
        return out


_arg("argmax", "ArgMax")
_arg("argmin", "ArgMin")


# -- products -------------------------------------------------------------------------------------
@op("matmul")
def matmul(w, x1, x2):
    x1, x2 = w.promote([w.value(x1), w.value(x2)])
    if x1.ndim > 1 and x2.ndim > 1:
        return w.matmul(x1, x2)
    first, second = x1.ndim == 1, x2.ndim == 1
    if first:
        x1 = w.expand_dims(x1, 0)
    if second:
        x2 = w.expand_dims(x2, 1)
    out = w.matmul(x1, x2)
    gone = [-2] * first + [-1] * second
    return w.squeeze(out, gone)


@op("dense")
def _dense(w, x, kernel, bias=None, activation=None):
    out = matmul(w, x, kernel)
    out = out if bias is None else w.binary("Add", out, bias)
    return w.unary("Relu", out) if activation == "relu" else out


@op("einsum")
def einsum(w, *operands, subscripts):
    """`Einsum`, with the shape worked out from the labels."""
    values = w.promote([w.value(x) for x in operands])
    text = subscripts.replace(" ", "")
    sides, arrow, result = text.partition("->")
    if not arrow:
        letters = sides.replace(",", "").replace("...", "")
        result = "".join(sorted(a for a in set(letters) if letters.count(a) == 1))
        result = "..." * ("..." in sides) + result
        text = f"{sides}->{result}"
    size, hidden = {}, ()
    for term, x in zip(sides.split(","), values, strict=True):
        before, dots, after = term.partition("...")
        n = x.ndim - len(before) - len(after)
        size.update(zip(before, x.shape, strict=False))
        if dots:
            hidden = max(hidden, x.shape[len(before) : len(before) + n], key=len)
            size.update(zip(after, x.shape[len(before) + n :], strict=True))
    before, dots, after = result.partition("...")
    shape = [*(size[a] for a in before), *(hidden if dots else ()), *(size[a] for a in after)]
    return w.node("Einsum", values, shape, equation=text)
