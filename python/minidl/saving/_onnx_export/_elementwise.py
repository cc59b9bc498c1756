"""Ops on elements: arithmetic and comparisons."""

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
def clip(w, x, x_min, x_max):
    return w.binary("Min", w.binary("Max", x, x_min), x_max)


@op("where")
def _where(w, condition, x1, x2):
    return w.where(w.cast(w.value(condition), bool), x1, x2)
