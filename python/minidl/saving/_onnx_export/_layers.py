"""Layers that are a formula or a change of shape: dense, embeddings, activations, merging."""

from __future__ import annotations

import math

from ... import layers as L
from . import _activations, _shapes
from ._graph import Value
from ._registry import OPS, layer


# -- dense and embeddings -------------------------------------------------------------------------
@layer(L.Dense, floats=True)
def _dense(w, layer, x):
    if x.ndim == 2 and layer.bias is not None:
        inputs = [x, w.weight(layer.kernel), w.weight(layer.bias)]
        out = w.node("Gemm", inputs, (x.shape[0], layer.units))
    else:
        out = w.matmul(x, w.weight(layer.kernel))
        out = out if layer.bias is None else w.binary("Add", out, layer.bias)
    return w.activate(layer, out)


@layer(L.EinsumDense, floats=True)
def _einsum_dense(w, layer, x):
    inputs, kernel, output, side = layer._terms
    front, back = ("..." if side < 0 else ""), ("..." if side > 0 else "")
    subscripts = f"{front}{inputs}{back},{kernel}->{front}{output}{back}"
    out = _shapes.einsum(w, x, w.weight(layer.kernel), subscripts=subscripts)
    out = out if layer.bias is None else w.binary("Add", out, layer.bias)
    return w.activate(layer, out)


@layer(L.Embedding)
def _embedding(w, layer, x):
    x = x if x.dtype.kind in "iu" else w.cast(x, "int32")
    out = _shapes.embedding(w, w.weight(layer.embeddings), x)
    if layer.mask_zero:
        out.mask = OPS["not_equal"](w, x, 0)
    return out


@layer(L.Masking)
def _masking(w, layer, x):
    differs = OPS["not_equal"](w, x, float(layer.mask_value))
    keep = _shapes.any_of(w, differs, -1)
    out = w.where(w.expand_dims(keep, -1), x, 0.0)
    out.mask = keep
    return out


# -- activations ----------------------------------------------------------------------------------
@layer(L.Activation)
def _activation(w, layer, x):
    return w.activate(layer, x)


@layer(L.ReLU, floats=True)
def _relu(w, layer, x):
    return _activations.relu(w, x, layer.negative_slope, layer.max_value, layer.threshold)


@layer(L.LeakyReLU, floats=True)
def _leaky_relu(w, layer, x):
    return _activations.relu(w, x, layer.negative_slope)


@layer(L.PReLU, floats=True)
def _prelu(w, layer, x):
    below = w.binary("Mul", w.binary("Min", x, 0.0), layer.alpha)
    return w.binary("Add", w.unary("Relu", x), below)


@layer(L.ELU, floats=True)
def _elu(w, layer, x):
    return OPS["elu"](w, x, layer.alpha)


@layer(L.Softmax, floats=True)
def _softmax(w, layer, x, mask=None):
    mask = x.mask if mask is None else mask
    if mask is not None:
        hidden = w.binary("Sub", 1.0, w.cast(w.value(mask), x.dtype))
        x = w.binary("Add", x, w.binary("Mul", hidden, -1.5e38))
    axis = layer.axis
    return _activations.softmax(w, x, axis)


# -- layers that only work in training ------------------------------------------------------------
@layer(
    *(L.Dropout, L.SpatialDropout1D, L.SpatialDropout2D, L.GaussianDropout, L.GaussianNoise),
    L.ActivityRegularization,
)
def _nothing(w, layer, x):
    return x


# -- shapes ---------------------------------------------------------------------------------------
@layer(L.Flatten)
def _flatten(w, layer, x):
    rest = x.shape[1:]
    if x.ndim == 1:
        return w.expand_dims(x, 1)
    return w.reshape(x, (x.shape[0], None if None in rest else math.prod(rest)))


@layer(L.Reshape)
def _reshape(w, layer, x):
    return w.reshape(x, layer.compute_output_shape(x.shape))


@layer(L.Permute)
def _permute(w, layer, x):
    return w.transpose(x, (0, *layer.dims))


@layer(L.RepeatVector)
def _repeat_vector(w, layer, x):
    repeats = w.const([1, layer.n, 1], "int64")
    return w.node("Tile", [w.expand_dims(x, 1), repeats], (x.shape[0], layer.n, x.shape[1]))


# -- merging --------------------------------------------------------------------------------------
def _aligned(w, inputs: list[Value]) -> list[Value]:
    """Axes of size 1 behind the batch axis, until all have as many."""
    rank = max(x.ndim for x in inputs)
    return [
        x if x.ndim == rank else w.expand_dims(x, list(range(1, 1 + rank - x.ndim))) for x in inputs
    ]


def _merge(cls: type, operator: str) -> None:
    @layer(cls)
    def write(w, layer, inputs, mask=None):
        if operator in ("Max", "Min") and any(x.mask is not None for x in inputs):
            out = _extreme_of_masked(w, operator, _aligned(w, inputs), [x.mask for x in inputs])
            return w.masked(out, merged_mask(w, inputs))
        out, *rest = _aligned(w, inputs)
        for x in rest:
            out = w.binary(operator, out, x)
        if cls is L.Average:
            out = w.binary("Mul", out, 1.0 / len(inputs))
        out.mask = merged_mask(w, inputs)
        return out


def _extreme_of_masked(w, operator: str, inputs: list[Value], masks: list[Value | None]) -> Value:
    """A masked step takes no part where another one is there."""
    spread = [None if m is None else w.expand_dims(m, -1) for m in masks]
    out, seen = inputs[0], spread[0]
    for x, mask in zip(inputs[1:], spread[1:], strict=True):
        other = x if mask is None else w.where(mask, x, out)
        out = out if seen is None else w.where(seen, out, other)
        both = seen is not None and mask is not None
        seen = w.binary("Or", mask, seen, bool) if both else None
        out = w.binary(operator, out, other)
    return out


def merged_mask(w, inputs: list[Value]) -> Value | None:
    """A step counts if it counts in any input; without a mask of each there is none."""
    masks = [x.mask for x in inputs]
    if None in masks:
        return None
    out = masks[0]
    for mask in masks[1:]:
        out = w.binary("Or", out, mask, bool)
    return out


for _cls, _operator in {
    L.Add: "Add",
    L.Subtract: "Sub",
    L.Multiply: "Mul",
    L.Average: "Add",
    L.Maximum: "Max",
    L.Minimum: "Min",
}.items():
    _merge(_cls, _operator)


@layer(L.Concatenate)
def _concatenate(w, layer, inputs):
    out = w.concat(inputs, layer.axis)
    if all(x.mask is None for x in inputs):
        return out
    spread = []
    for x in inputs:
        if x.mask is not None and x.mask.ndim == x.ndim:
            spread.append(x.mask)
        else:
            kept = w.const(True) if x.mask is None else w.expand_dims(x.mask, -1)
            spread.append(w.expand(kept, w.sizes(x, 0, x.ndim), x.shape))
    return w.masked(out, _shapes.any_of(w, w.concat(spread, layer.axis), -1))


@layer(L.Dot)
def _dot(w, layer, inputs):
    x, y = inputs
    a, b = layer._axes([x.shape, y.shape])
    if layer.normalize:
        x, y = OPS["normalize"](w, x, a), OPS["normalize"](w, y, b)
    labels = "cdefghijklmnop"
    first = "b" + labels[: x.ndim - 1]
    second = "b" + labels[x.ndim - 1 : x.ndim + y.ndim - 2]
    second = second[:b] + first[a] + second[b + 1 :]
    out = first.replace(first[a], "") + second[1:].replace(first[a], "")
    out = _shapes.einsum(w, x, y, subscripts=f"{first},{second}->{out}")
    return w.expand_dims(out, 1) if out.ndim == 1 else out
