"""Activation functions."""

from __future__ import annotations

import math

from ._elementwise import as_float, clip
from ._registry import op


@op("relu")
def relu(w, x, negative_slope=0.0, max_value=None, threshold=0.0):
    x = as_float(w, x)
    if not threshold and max_value is None:
        if not negative_slope:
            return w.unary("Relu", x)
        return w.unary("LeakyRelu", x, alpha=float(negative_slope))
    if threshold:
        below = w.binary("Mul", w.binary("Sub", x, threshold), negative_slope)
        kept = w.where(w.binary("GreaterOrEqual", x, threshold, bool), x, below)
    else:
        kept = relu(w, x, negative_slope)
    return kept if max_value is None else w.binary("Min", kept, float(max_value))


@op("leaky_relu")
def _leaky_relu(w, x, negative_slope=0.2):
    return relu(w, x, negative_slope)


@op("relu6")
def _relu6(w, x):
    return relu(w, x, max_value=6.0)


@op("elu")
def _elu(w, x, alpha=1.0):
    return w.unary("Elu", as_float(w, x), alpha=float(alpha))


@op("celu")
def _celu(w, x, alpha=1.0):
    x = as_float(w, x)
    below = w.binary("Sub", w.unary("Exp", w.binary("Div", w.binary("Min", x, 0.0), alpha)), 1.0)
    return w.where(w.binary("Greater", x, 0.0, bool), x, w.binary("Mul", below, alpha))


@op("selu")
def _selu(w, x):
    return w.unary("Selu", as_float(w, x), alpha=1.6732632423543772, gamma=1.0507009873554805)


@op("softplus")
def softplus(w, x):
    return w.unary("Softplus", as_float(w, x))


@op("log_sigmoid")
def _log_sigmoid(w, x):
    return w.unary("Neg", softplus(w, w.unary("Neg", as_float(w, x))))


@op("silu", "swish")
def _silu(w, x):
    x = as_float(w, x)
    return w.binary("Mul", x, w.unary("Sigmoid", x))


@op("gelu")
def _gelu(w, x, approximate=True):
    x = as_float(w, x)
    if approximate:
        cube = w.binary("Mul", w.binary("Mul", x, x), x)
        inner = w.binary("Add", x, w.binary("Mul", cube, 0.044715))
        curve = w.unary("Tanh", w.binary("Mul", inner, math.sqrt(2 / math.pi)))
    else:
        curve = w.unary("Erf", w.binary("Mul", x, math.sqrt(0.5)))
    return w.binary("Mul", w.binary("Mul", x, 0.5), w.binary("Add", curve, 1.0))


@op("mish")
def _mish(w, x):
    x = as_float(w, x)
    return w.binary("Mul", x, w.unary("Tanh", softplus(w, x)))


@op("hard_sigmoid")
def hard_sigmoid(w, x):
    return w.unary("HardSigmoid", as_float(w, x), alpha=1 / 6, beta=0.5)


@op("hard_silu", "hard_swish")
def _hard_silu(w, x):
    x = as_float(w, x)
    return w.binary("Mul", x, hard_sigmoid(w, x))


@op("hard_tanh")
def _hard_tanh(w, x):
    return clip(w, as_float(w, x), -1.0, 1.0)


@op("hard_shrink")
def _hard_shrink(w, x, threshold=0.5):
    x = as_float(w, x)
    return w.where(w.binary("LessOrEqual", w.unary("Abs", x), threshold, bool), 0.0, x)


@op("soft_shrink")
def _soft_shrink(w, x, threshold=0.5):
    x = as_float(w, x)
    size = relu(w, w.binary("Sub", w.unary("Abs", x), float(threshold)))
    return w.binary("Mul", w.unary("Sign", x), size)


@op("tanh_shrink")
def _tanh_shrink(w, x):
    x = as_float(w, x)
    return w.binary("Sub", x, w.unary("Tanh", x))


@op("threshold")
def _threshold(w, x, threshold, default_value):
    x = as_float(w, x)
    return w.where(w.binary("LessOrEqual", x, float(threshold), bool), float(default_value), x)


@op("squareplus")
def _squareplus(w, x, b=4):
    x = as_float(w, x)
    root = w.unary("Sqrt", w.binary("Add", w.binary("Mul", x, x), float(b)))
    return w.binary("Mul", w.binary("Add", x, root), 0.5)


@op("sparse_plus")
def _sparse_plus(w, x):
    x = as_float(w, x)
    middle = w.binary("Add", clip(w, x, -1.0, 1.0), 1.0)
    middle = w.binary("Mul", w.binary("Mul", middle, middle), 0.25)
    return w.where(w.binary("Less", x, 1.0, bool), middle, x)


@op("sparse_sigmoid")
def _sparse_sigmoid(w, x):
    return w.binary("Mul", clip(w, w.binary("Add", as_float(w, x), 1.0), 0.0, 2.0), 0.5)


@op("softmax")
def softmax(w, x, axis=-1):
    x = as_float(w, x)
    if isinstance(axis, int):
        return w.node("Softmax", [x], axis=axis % x.ndim)
    exps = w.unary("Exp", w.binary("Sub", x, w.reduce("ReduceMax", x, axis, True)))
    return w.binary("Div", exps, w.reduce("ReduceSum", exps, axis, True))


@op("log_softmax")
def _log_softmax(w, x, axis=-1):
    x = as_float(w, x)
    return w.node("LogSoftmax", [x], axis=axis % x.ndim)


@op("glu")
def _glu(w, x, axis=-1):
    x = as_float(w, x)
    axis %= x.ndim
    half = x.shape[axis] // 2
    value, gate = w.split(x, [half, half], axis)
    return w.binary("Mul", value, w.unary("Sigmoid", gate))


@op("sparsemax")
def _sparsemax(w, x, axis=-1):
    x = as_float(w, x)
    axis %= x.ndim
    x = w.transpose(x, [*(i for i in range(x.ndim) if i != axis), axis])
    size = w.sizes(x, x.ndim - 1, x.ndim)
    outs = [(x.shape, x.dtype), (x.shape, "int64")]
    down, _ = w.nodes_of("TopK", [x, size], outs, axis=-1)
    total = w.node("CumSum", [down, w.const(x.ndim - 1, "int64")])
    count = w.binary("Add", w.cast(w.counting(x, x.ndim - 1), x.dtype), 1.0)
    inside = w.binary("Greater", w.binary("Add", w.binary("Mul", down, count), 1.0), total, bool)
    inside = w.cast(inside, x.dtype)
    size = w.reduce("ReduceSum", inside, [-1], True)
    above = w.reduce("ReduceSum", w.binary("Mul", down, inside), [-1], True)
    shift = w.binary("Div", w.binary("Sub", above, 1.0), size)
    out = relu(w, w.binary("Sub", x, shift))
    return w.transpose(out, [*range(axis), x.ndim - 1, *range(axis, x.ndim - 1)])
