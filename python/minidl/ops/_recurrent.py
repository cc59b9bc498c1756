"""What the recurrent ops share: checking arguments, and their gradients under an outer tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minidl import _tape
from minidl._tape import GradientTape, Tensor, as_float, as_floats, as_tensor, wrap
from minidl.ops.activations import elu, leaky_relu, relu, relu6, selu, sigmoid, softplus, tanh
from minidl.ops.composed_activations import hard_sigmoid, hard_tanh, softsign
from minidl.ops.elementwise import exp
from minidl.ops.indexing import where
from minidl.ops.joining import concatenate, split, stack
from minidl.ops.matmul import dense, matmul
from minidl.ops.shape import expand_dims

# What the kernels know: activations whose slope can be told from their result.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "elu": elu,
    "exponential": exp,
    "hard_sigmoid": hard_sigmoid,
    "hard_tanh": hard_tanh,
    "leaky_relu": leaky_relu,
    "linear": lambda x: x,
    "relu": relu,
    "relu6": relu6,
    "selu": selu,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "softsign": softsign,
    "tanh": tanh,
}


def read_activation(op: str, name: str, value: str | None) -> str:
    """The kernel's word for an activation; None is linear, as in Keras."""
    if value is None:
        return "linear"
    if not isinstance(value, str) or value not in ACTIVATIONS:
        raise ValueError(
            f"{op}: `{name}` must be one of {', '.join(ACTIVATIONS)}; for any other function write "
            f"the steps with a cell of your own in `layers.RNN`. Received: {name}={value!r}"
        )
    return value


def read_sequence(
    op: str,
    gates: int,
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    others: Sequence[Any],
) -> list[Any]:
    """Everything as tensors of one float dtype; x, kernel and recurrent_kernel fit together."""
    x, recurrent_kernel, kernel, *others = as_floats(
        x, recurrent_kernel, optional=(kernel, *others)
    )
    if x.ndim != 3:
        raise ValueError(f"{op}: x must be (batch, time, features). Received: shape {x.shape}")
    if recurrent_kernel.ndim != 2 or recurrent_kernel.shape[0] * gates != recurrent_kernel.shape[1]:
        raise ValueError(
            f"{op}: recurrent_kernel must be (units, {gates} * units). "
            f"Received: shape {recurrent_kernel.shape}"
        )
    units = recurrent_kernel.shape[0]
    if not units:
        raise ValueError(f"{op}: recurrent_kernel must have at least one unit")
    if kernel is None:
        check_shape(op, "x without a kernel", x, (*x.shape[:2], gates * units))
    elif kernel.shape != (x.shape[2], gates * units):
        raise ValueError(
            f"{op}: kernel must have shape {(x.shape[2], gates * units)}, the features of x "
            f"{x.shape} by {gates} * {units} units. Received: shape {kernel.shape}"
        )
    return [x, kernel, recurrent_kernel, *others]


def check_dropout(op: str, gates: int, mask: Tensor | None, states: tuple[int, int]) -> None:
    """ValueError unless the mask is one for all gates, or one for each."""
    if mask is not None and mask.shape not in (states, (gates, *states)):
        raise ValueError(
            f"{op}: recurrent_dropout_mask must have shape {states}, or {(gates, *states)} with a "
            f"mask for each gate. Received: shape {mask.shape}"
        )


def project(h: Tensor, weights: Tensor, masks: Tensor | None, gates: int) -> Tensor:
    """h under its dropout mask, or under that of each gate, times the weights of the gates."""
    if masks is None or masks.ndim == h.ndim:
        return matmul(h if masks is None else h * masks, weights)
    return of_gates(h, weights, masks, gates)


def of_gates(x: Tensor, weights: Tensor, masks: Tensor, gates: int) -> Tensor:
    """x under the mask of each gate, times the columns of the gate, side by side."""
    parts = split(weights, gates, 1)
    return concatenate([dense(x * masks[g], part, None) for g, part in enumerate(parts)], -1)


def outer(x: Tensor, kernel: Tensor | None, bias: Tensor | None) -> Tensor:
    """What a step takes from x; without a kernel x is that but for the bias."""
    if kernel is not None:
        return dense(x, kernel, bias)
    return x if bias is None else x + bias


def check_shape(op: str, name: str, value: Tensor | None, shape: tuple[int, ...]) -> None:
    """ValueError unless `value` is None or has that shape."""
    if value is not None and value.shape != shape:
        raise ValueError(f"{op}: {name} must have shape {shape}. Received: shape {value.shape}")


def read_states(op: str, count: int, initial_state: Any) -> tuple[Any, ...]:
    """The initial states, one a state of the cell, or Nones."""
    if initial_state is None:
        return (None,) * count
    if count == 1 and not isinstance(initial_state, (list, tuple)):
        return (initial_state,)
    if not isinstance(initial_state, (list, tuple)) or len(initial_state) != count:
        raise ValueError(
            f"{op}: initial_state must be a list of {count} tensor(s) of shape (batch, units). "
            f"Received: {initial_state!r}"
        )
    if count == 1 and isinstance(initial_state[0], (int, float)):
        return (initial_state,)
    return tuple(initial_state)


def read_mask(op: str, mask: Any, x: Tensor) -> np.ndarray | None:
    """The mask as an array of bool; whole numbers count as true where they are not 0."""
    if mask is None:
        return None
    array = as_tensor(mask).data
    if array.dtype.kind not in "biu" and array.dtype.kind != "f":
        raise TypeError(f"{op}: mask must be boolean. Received: dtype {array.dtype}")
    if array.shape == (*x.shape[:2], 1):
        array = array[..., 0]
    if array.shape != x.shape[:2]:
        raise ValueError(
            f"{op}: mask must have shape {x.shape[:2]}, the batch and time of x. "
            f"Received: shape {array.shape}"
        )
    return array.astype(bool, copy=False)


def data(x: Tensor | None) -> np.ndarray | None:
    """What a kernel takes for an optional tensor."""
    return None if x is None else x.data


Step = Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]


def unrolled(
    step: Step,
    x: Tensor,
    states: tuple[Tensor, ...],
    mask: np.ndarray | None,
    go_backwards: bool,
    zero_output: bool,
) -> tuple[Tensor, ...]:
    """The sequence written in ops, step by step: (outputs, *states). States[0] is the output."""
    zero = states[0] * 0.0
    output, outputs = zero, []
    for s in range(x.shape[1]):
        t = x.shape[1] - 1 - s if go_backwards else s
        new = step(x[:, t], states)
        if mask is None:
            output, states = new[0], new
        else:
            live = expand_dims(mask[:, t], -1)
            output = where(live, new[0], zero if zero_output else output)
            states = tuple(where(live, n, old) for n, old in zip(new, states, strict=True))
        outputs.append(output)
    return (stack(outputs, 1) if outputs else x[:, :, :0] * 0.0, *states)


def gradients_in_ops(
    run: Callable[..., tuple[Tensor, ...]],
    inputs: tuple[Tensor | None, ...],
    upstream: tuple[Tensor | None, ...],
) -> tuple[Tensor | None, ...]:
    """The gradients of `run(*inputs)` as ops that outer tapes can follow again."""
    given = [x for x in inputs if x is not None]
    with GradientTape() as tape:
        tape.watch(given)
        outs = run(*inputs)
    pairs = [(out, dy) for out, dy in zip(outs, upstream, strict=True) if dy is not None]
    found = iter(
        tape.gradient([out for out, _ in pairs], given, output_gradients=[dy for _, dy in pairs])
    )
    return tuple(None if x is None else next(found) for x in inputs)


def following(*tensors: Tensor | None) -> bool:
    """Whether an active tape follows one of the tensors that are there."""
    return _tape.is_recording(*[t for t in tensors if t is not None])


def one_step(op: str, x: Any) -> Tensor:
    """x (batch, features) as a sequence of one step."""
    x = as_float(x)
    if x.ndim != 2:
        raise ValueError(f"{op}: x must be (batch, features). Received: shape {x.shape}")
    return expand_dims(x, 1)


def zeros(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Zeros of the dtype of `like`."""
    return wrap(np.zeros(shape, like.dtype))
