"""Ops on elements: arithmetic, comparisons, activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._graph import Value, Writer
from ._registry import OPS, op

# -- arithmetic -----------------------------------------------------------------------------------
_UNARY = {
    "abs": "Abs",
    "absolute": "Abs",
    "negative": "Neg",
    "exp": "Exp",
    "exponential": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "sign": "Sign",
    "reciprocal": "Reciprocal",
    "sin": "Sin",
    "cos": "Cos",
    "tan": "Tan",
    "arcsin": "Asin",
    "arccos": "Acos",
    "arctan": "Atan",
    "sinh": "Sinh",
    "cosh": "Cosh",
    "arcsinh": "Asinh",
    "arccosh": "Acosh",
    "arctanh": "Atanh",
    "floor": "Floor",
    "ceil": "Ceil",
    "erf": "Erf",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softsign": "Softsign",
}
_BINARY = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "true_divide": "Div",
    "power": "Pow",
    "maximum": "Max",
    "minimum": "Min",
}
_COMPARISON = {
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "logical_and": "And",
    "logical_or": "Or",
    "logical_xor": "Xor",
}


def as_float(w: Writer, x: Any) -> Value:
    """The values as floats."""
    x = w.value(x)
    return x if x.dtype.kind == "f" else w.cast(x, "float32")


def _unary(name: str, operator: str) -> None:
    keeps_integers = name in ("abs", "absolute", "negative", "sign")

    @op(name)
    def write(w, x):
        return w.unary(operator, w.value(x) if keeps_integers else as_float(w, x))


def _binary(name: str, operator: str) -> None:
    floats = operator == "Div"

    @op(name)
    def write(w, x1, x2):
        if floats:
            x1, x2 = (as_float(w, x) if isinstance(x, Value) else x for x in (x1, x2))
        return w.binary(operator, x1, x2)


def _comparison(name: str, operator: str) -> None:
    logical = name.startswith("logical")

    @op(name)
    def write(w, x1, x2):
        if logical:
            x1, x2 = w.cast(w.value(x1), bool), w.cast(w.value(x2), bool)
        return w.binary(operator, x1, x2, bool)


for _name, _operator in _UNARY.items():
    _unary(_name, _operator)
for _name, _operator in _BINARY.items():
    _binary(_name, _operator)
for _name, _operator in _COMPARISON.items():
    _comparison(_name, _operator)


@op("linear", "stop_gradient", "copy", "identity", "convert_to_tensor")
def _identity(w, x, dtype=None, **_):
    x = w.value(x)
    return x if dtype is None else w.cast(x, dtype)


@op("cast")
def _cast(w, x, dtype):
    return w.cast(w.value(x), np.dtype(dtype))


@op("not_equal")
def _not_equal(w, x1, x2):
    return w.unary("Not", w.binary("Equal", x1, x2, bool))


@op("logical_not")
def _logical_not(w, x):
    return w.unary("Not", w.cast(w.value(x), bool))


@op("isnan")
def _isnan(w, x):
    return w.unary("IsNaN", w.value(x), bool)


@op("isinf")
def _isinf(w, x):
    return w.unary("IsInf", w.value(x), bool)


@op("square")
def _square(w, x):
    x = w.value(x)
    return w.binary("Mul", x, x)


@op("rsqrt")
def _rsqrt(w, x):
    return w.unary("Reciprocal", w.unary("Sqrt", as_float(w, x)))


@op("expm1")
def _expm1(w, x):
    return w.binary("Sub", w.unary("Exp", as_float(w, x)), 1.0)


@op("log1p")
def _log1p(w, x):
    return w.unary("Log", w.binary("Add", as_float(w, x), 1.0))


@op("log2")
def _log2(w, x):
    return w.binary("Mul", w.unary("Log", as_float(w, x)), 1 / math.log(2))


@op("log10")
def _log10(w, x):
    return w.binary("Mul", w.unary("Log", as_float(w, x)), 1 / math.log(10))


@op("exp2")
def _exp2(w, x):
    return w.unary("Exp", w.binary("Mul", as_float(w, x), math.log(2)))


@op("trunc")
def _trunc(w, x):
    x = as_float(w, x)
    return w.binary("Mul", w.unary("Sign", x), w.unary("Floor", w.unary("Abs", x)))


@op("logaddexp")
def _logaddexp(w, x1, x2):
    far = w.unary("Neg", w.unary("Abs", w.binary("Sub", x1, x2)))
    return w.binary("Add", w.binary("Max", x1, x2), _log1p(w, w.unary("Exp", far)))


@op("hypot")
def _hypot(w, x1, x2):
    return w.unary("Sqrt", w.binary("Add", _square(w, x1), _square(w, x2)))


@op("divide_no_nan")
def _divide_no_nan(w, x1, x2):
    x2 = as_float(w, x2)
    none = w.binary("Equal", x2, 0.0, bool)
    return w.where(none, 0.0, w.binary("Div", x1, w.where(none, 1.0, x2)))


@op("mod")
def _mod(w, x1, x2):
    quotient = OPS["floor_divide"](w, x1, x2)
    return w.binary("Sub", x1, w.binary("Mul", quotient, x2))


@op("floor_divide")
def _floor_divide(w, x1, x2):
    like = x1 if isinstance(x1, Value) else x2
    x1, x2 = w.promote([w.value(x1, like), w.value(x2, like)])
    if x1.dtype.kind == "f":
        return w.unary("Floor", w.binary("Div", x1, x2))
    exact = w.unary("Floor", w.binary("Div", w.cast(x1, "float64"), w.cast(x2, "float64")))
    return w.cast(exact, x1.dtype)


@op("round")
def _round(w, x, decimals=0):
    x = as_float(w, x)
    if not decimals:
        return w.unary("Round", x)
    return w.binary("Div", w.unary("Round", w.binary("Mul", x, 10.0**decimals)), 10.0**decimals)


@op("clip")
def _clip(w, x, x_min, x_max):
    return w.binary("Min", w.binary("Max", x, x_min), x_max)


@op("where")
def _where(w, condition, x1, x2):
    return w.where(w.cast(w.value(condition), bool), x1, x2)


# -- activations ----------------------------------------------------------------------------------
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
    return _clip(w, as_float(w, x), -1.0, 1.0)


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
    middle = w.binary("Add", _clip(w, x, -1.0, 1.0), 1.0)
    middle = w.binary("Mul", w.binary("Mul", middle, middle), 0.25)
    return w.where(w.binary("Less", x, 1.0, bool), middle, x)


@op("sparse_sigmoid")
def _sparse_sigmoid(w, x):
    return w.binary("Mul", _clip(w, w.binary("Add", as_float(w, x), 1.0), 0.0, 2.0), 0.5)


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
