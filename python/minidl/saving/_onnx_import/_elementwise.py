"""Operators on elements."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._registry import FOLLOWS, Refused, is_float, operator, simple

_FUNCTIONS: dict[str, Callable] = {
    "Identity": lambda x: x,
    "Abs": ops.abs,
    "Neg": ops.negative,
    "Exp": ops.exp,
    "Log": ops.log,
    "Sqrt": ops.sqrt,
    "Reciprocal": ops.reciprocal,
    "Sin": ops.sin,
    "Cos": ops.cos,
    "Tan": ops.tan,
    "Asin": ops.arcsin,
    "Acos": ops.arccos,
    "Atan": ops.arctan,
    "Sinh": ops.sinh,
    "Cosh": ops.cosh,
    "Asinh": ops.arcsinh,
    "Acosh": ops.arccosh,
    "Atanh": ops.arctanh,
    "Floor": ops.floor,
    "Ceil": ops.ceil,
    "Round": ops.round,
    "Sign": ops.sign,
    "Erf": ops.erf,
    "Sigmoid": ops.sigmoid,
    "Tanh": ops.tanh,
    "Softplus": ops.softplus,
    "Softsign": ops.softsign,
    "Mish": ops.mish,
    "HardSwish": ops.hard_silu,
    "Not": ops.logical_not,
    "IsNaN": ops.isnan,
    "And": ops.logical_and,
    "Or": ops.logical_or,
    "Xor": ops.logical_xor,
    "Equal": ops.equal,
    "Greater": ops.greater,
    "GreaterOrEqual": ops.greater_equal,
    "Less": ops.less,
    "LessOrEqual": ops.less_equal,
    "Add": ops.add,
    "Sub": ops.subtract,
    "Mul": ops.multiply,
    "BitwiseNot": ops.bitwise_not,
    "BitwiseAnd": ops.bitwise_and,
    "BitwiseOr": ops.bitwise_or,
    "BitwiseXor": ops.bitwise_xor,
    "Relu": lambda x: ops.relu(x) if is_float(x) else ops.maximum(x, np.zeros((), x.data.dtype)),
    "PRelu": lambda x, slope: ops.where(x >= _zero(x), x, x * slope),
}
for _name, _function in _FUNCTIONS.items():
    simple(_name, _function)


@operator("Where", layout=FOLLOWS)
def _where():
    def run(condition, x, y):
        """All three are needed, unlike `ops.where`."""
        return ops.where(condition, x, y)

    return run


def _zero(x: Any) -> np.ndarray:
    return np.zeros((), x.data.dtype)


def _fold(name: str, function: Callable) -> None:
    @operator(name, layout=FOLLOWS)
    def make():
        def run(first, *rest):
            return functools.reduce(function, rest, first)

        return run


_fold("Max", ops.maximum)
_fold("Min", ops.minimum)
_fold("Sum", ops.add)


@operator("Mean", layout=FOLLOWS)
def _mean():
    def run(first, *rest):
        return functools.reduce(ops.add, rest, first) / float(1 + len(rest))

    return run


@operator("Div", layout=FOLLOWS)
def _div():
    def run(x, y):
        if is_float(x):
            return ops.divide(x, y)
        a, b = np.asarray(x.data), np.asarray(y.data)  # integers go towards zero
        if not b.all():
            raise ValueError("an integer is divided by zero")
        quotient = np.floor_divide(a, b)
        return Tensor(quotient + ((np.mod(a, b) != 0) & ((a < 0) != (b < 0))).astype(a.dtype))

    return run


@operator("Mod", layout=FOLLOWS)
def _mod(fmod=0):
    def run(x, y):
        if not is_float(x):
            if not np.asarray(y.data).all():
                raise ValueError("an integer is divided by zero")
            return Tensor((np.fmod if fmod else np.mod)(x.data, y.data))
        rest = x - ops.trunc(x / y) * y if fmod else ops.mod(x, y)
        far = np.isinf(y.data) & np.isfinite(x.data)
        if not far.any():
            return rest
        kept = x if fmod else ops.where((x == 0) | ((x < 0) == (y < 0)), x, y)
        return ops.where(far, kept, rest)

    return run


@operator("Pow", layout=FOLLOWS)
def _pow():
    def run(x, y):
        dtype = x.data.dtype
        if is_float(x):
            return ops.power(x, ops.cast(y, dtype))
        power = (
            np.power(x.data, y.data)
            if not is_float(y)
            else np.power(x.data.astype("float64"), y.data)
        )
        return Tensor(np.asarray(power).astype(dtype))

    return run


@operator("BitShift", layout=FOLLOWS)
def _bit_shift(direction):
    if direction not in ("LEFT", "RIGHT"):
        raise ValueError(f"direction must be LEFT or RIGHT, not {direction!r}")
    shift = np.left_shift if direction == "LEFT" else np.right_shift
    return lambda x, y: Tensor(shift(x.data, y.data))


@operator("IsInf", layout=FOLLOWS)
def _is_inf(detect_negative=1, detect_positive=1):
    def run(x):
        found = np.zeros(x.shape, bool)
        if detect_positive:
            found |= np.isposinf(x.data)
        if detect_negative:
            found |= np.isneginf(x.data)
        return Tensor(found)

    return run


# -- activations ----------------------------------------------------------------------------------
@operator("LeakyRelu", layout=FOLLOWS)
def _leaky_relu(alpha=0.01):
    return lambda x: ops.relu(x, alpha)


@operator("ThresholdedRelu", layout=FOLLOWS)
def _thresholded_relu(alpha=1.0):
    return lambda x: ops.threshold(x, alpha, 0.0)


@operator("Elu", layout=FOLLOWS)
def _elu(alpha=1.0):
    return lambda x: ops.elu(x, alpha)


@operator("Celu", layout=FOLLOWS)
def _celu(alpha=1.0):
    return lambda x: ops.celu(x, alpha)


@operator("Selu", layout=FOLLOWS)
def _selu(alpha=1.67326319217681884765625, gamma=1.05070102214813232421875):
    return lambda x: ops.elu(x, alpha) * gamma


@operator("HardSigmoid", layout=FOLLOWS)
def _hard_sigmoid(alpha=0.2, beta=0.5):
    return lambda x: ops.clip(x * alpha + beta, 0.0, 1.0)


@operator("Gelu", layout=FOLLOWS)
def _gelu(approximate="none"):
    if approximate not in ("none", "tanh"):
        raise Refused(f"attribute approximate={approximate!r}")
    return lambda x: ops.gelu(x, approximate == "tanh")


@operator("Swish", layout=FOLLOWS)
def _swish(alpha=1.0):
    return lambda x: x * ops.sigmoid(x * alpha)


@operator("SwiGLU", layout=FOLLOWS)
def _swiglu(alpha=1.0):
    return lambda gate, x: gate * ops.sigmoid(gate * alpha) * x


@operator("Shrink", layout=FOLLOWS)
def _shrink(bias=0.0, lambd=0.5):
    def run(x):
        if not is_float(x):
            raise Refused("integers")
        inner = ops.where(x > lambd, x - bias, ops.zeros_like(x))
        return ops.where(x < -lambd, x + bias, inner)

    return run


@operator("Clip", layout=FOLLOWS)
def _clip(min=None, max=None):
    low, high = min, max

    def run(x, min=None, max=None):
        for bound, given, choose in ((min, low, ops.maximum), (max, high, ops.minimum)):
            bound = (
                np.asarray(given, x.data.dtype) if bound is None and given is not None else bound
            )
            x = x if bound is None else choose(x, bound)
        return x

    return run


@operator("Dropout", layout=FOLLOWS)
def _dropout(ratio=0.5, seed=None, is_test=1, _outputs=1):
    def run(x, ratio=None, training=None):
        """The identity: what a graph does in inference."""
        trains = training is not None and bool(np.asarray(training.data).any())
        if trains and (ratio is None or float(np.asarray(ratio.data)) > 0):
            raise Refused("input training_mode=True: minidl runs the graph's inference")
        return (x, Tensor(np.ones(x.shape, bool))) if _outputs == 2 else x

    return run
