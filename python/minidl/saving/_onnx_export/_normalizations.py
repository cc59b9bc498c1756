"""Normalisation layers and ops."""

from __future__ import annotations

import numpy as np

from ... import layers as L
from ...config import epsilon as default_epsilon
from ._convolutions import channels_first, channels_last
from ._elementwise import as_float
from ._graph import Value
from ._registry import layer, op
from ._shapes import axes_of, moveaxis


@op("batch_normalization")
def batch_normalization(w, x, mean, variance, axis=-1, offset=None, scale=None, epsilon=1e-3):
    x = w.value(x)
    axis %= x.ndim
    order = [i for i in range(x.ndim) if i != axis] + [axis]
    parts = [w.value(v) for v in (mean, variance)]
    channels = x.shape[axis]
    ones = np.ones(channels, x.dtype)
    gamma = w.const(ones) if scale is None else w.value(scale)
    beta = w.const(0 * ones) if offset is None else w.value(offset)
    turned = w.transpose(x, order)
    turned = channels_first(w, turned) if x.ndim > 2 else turned
    out = w.node("BatchNormalization", [turned, gamma, beta, *parts], epsilon=float(epsilon))
    out = channels_last(w, out) if x.ndim > 2 else out
    return w.transpose(out, np.argsort(order).tolist())


@layer(L.BatchNormalization, floats=True)
def _batch_normalization(w, layer, x):
    statistics = (layer.moving_mean, layer.moving_variance)
    return batch_normalization(
        w, x, *statistics, layer.axis, layer.beta, layer.gamma, layer.epsilon
    )


def _spread(w, weight, axes: list[int], shape: tuple) -> Value:
    """A weight over some axes, ready to broadcast."""
    sizes = [shape[a] if a in axes else 1 for a in range(len(shape))]
    if isinstance(weight, Value):
        return w.reshape(weight, sizes)
    tag = "" if axes == list(range(len(shape) - len(axes), len(shape))) else "/spread"
    return w.weight(weight, (lambda v: v.reshape(sizes)) if tag else None, tag)


def _scaled(w, x, gamma, beta, axes):
    if gamma is not None:
        x = w.binary("Mul", x, _spread(w, gamma, axes, x.shape))
    return x if beta is None else w.binary("Add", x, _spread(w, beta, axes, x.shape))


@op("layer_normalization", "layer_norm")
def layer_normalization(w, x, gamma=None, beta=None, axis=-1, epsilon=None):
    x = as_float(w, x)
    axes = sorted(axes_of(axis, x.ndim))
    epsilon = default_epsilon() if epsilon is None else epsilon
    last = axes == list(range(axes[0], x.ndim))
    if last and None not in x.shape[axes[0] :]:
        sizes = tuple(x.shape[a] for a in axes)
        scale = w.const(np.ones(sizes, x.dtype)) if gamma is None else w.value(gamma)
        inputs = [x, scale, None if beta is None else w.value(beta)]
        return w.node("LayerNormalization", inputs, axis=axes[0], epsilon=float(epsilon))
    off = w.binary("Sub", x, w.reduce("ReduceMean", x, axes, True))
    spread = w.reduce("ReduceMean", w.binary("Mul", off, off), axes, True)
    root = w.unary("Sqrt", w.binary("Add", spread, float(epsilon)))
    return _scaled(w, w.binary("Div", off, root), gamma, beta, axes)


@layer(L.LayerNormalization, floats=True)
def _layer_normalization(w, layer, x):
    return layer_normalization(w, x, layer.gamma, layer.beta, layer.axis, layer.epsilon)


@op("rms_normalization", "rms_norm")
def rms_normalization(w, x, scale=None, axis=-1, epsilon=None):
    x = as_float(w, x)
    axes = sorted(axes_of(axis, x.ndim))
    epsilon = default_epsilon() if epsilon is None else epsilon
    square = w.reduce("ReduceMean", w.binary("Mul", x, x), axes, True)
    root = w.unary("Sqrt", w.binary("Add", square, float(epsilon)))
    return _scaled(w, w.binary("Div", x, root), scale, None, axes)


@layer(L.RMSNormalization, floats=True)
def _rms_normalization(w, layer, x):
    return rms_normalization(w, x, layer.scale, layer.axis, layer.epsilon)


@op("group_normalization")
def group_normalization(w, x, groups=32, gamma=None, beta=None, axis=-1, epsilon=1e-3):
    x = as_float(w, x)
    axis %= x.ndim
    channels = x.shape[axis]
    first = moveaxis(w, x, axis, 1)
    shape, rest = first.shape, first.shape[2:]
    size = None if None in rest else channels // groups * int(np.prod(rest, dtype=int))
    grouped = w.reshape(first, (shape[0], groups, size))
    ones = np.ones(groups, x.dtype)
    inputs = [grouped, w.const(ones), w.const(0 * ones)]
    out = w.node("InstanceNormalization", inputs, epsilon=float(epsilon))
    out = moveaxis(w, w.reshape_like(out, first), 1, axis)
    return _scaled(w, out, gamma, beta, [axis])


@layer(L.GroupNormalization, floats=True)
def _group_normalization(w, layer, x):
    weights = (layer.gamma, layer.beta)
    return group_normalization(w, x, layer.groups, *weights, layer.axis, layer.epsilon)


@op("normalize")
def normalize(w, x, axis=-1, order=2, epsilon=None):
    x = as_float(w, x)
    if order != 2:
        raise NotImplementedError(f"{w.scope}: ops.normalize of order {order} cannot be exported.")
    least = default_epsilon() if epsilon is None else float(epsilon)
    axes = axes_of(axis, x.ndim)
    total = w.reduce("ReduceSum", w.binary("Mul", x, x), axes, True)
    return w.binary("Div", x, w.unary("Sqrt", w.binary("Max", total, least * least)))


@layer(L.UnitNormalization, floats=True)
def _unit_normalization(w, layer, x):
    return normalize(w, x, layer.axis, 2, 1e-12)
