"""Recurrent operators, attention, and graphs inside nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ._program import Program
from ._registry import Refused, axes_in, ints, operator, refuse

_ACTIVATIONS = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "softsign": "softsign",
    "softplus": "softplus",
}


def _names(given: Any, defaults: list[str], directions: int) -> list[list[str]]:
    """The activations of each direction, in Keras's names."""
    names = list(defaults) * directions if given is None else [str(a) for a in given]
    if len(names) != len(defaults) * directions:
        raise ValueError(f"{len(names)} activations for {directions} directions")
    unknown = [n for n in names if n.lower() not in _ACTIVATIONS]
    if unknown:
        raise Refused(f"attribute activations={names}")
    lower = [_ACTIVATIONS[n.lower()] for n in names]
    size = len(defaults)
    return [lower[i * size : (i + 1) * size] for i in range(directions)]


def _columns(w: Any, order: list[int]) -> Any:
    """(input, gates * units) with Keras's order of gates, of (gates * units, input)."""
    gates = ops.split(w, len(order), 0)
    return ops.transpose(ops.concatenate([gates[i] for i in order], 0))


def _recurrent(name: str, gates: list[int], defaults: list[str], states: int) -> None:
    """Register RNN, LSTM or GRU; `gates` are ONNX's places of Keras's gates."""

    @operator(name)
    def make(
        hidden_size=None, direction="forward", activations=None, activation_alpha=None,
        activation_beta=None, clip=None, layout=0, linear_before_reset=0, input_forget=0,
        _outputs=1,
    ):  # fmt: skip
        if direction not in ("forward", "reverse", "bidirectional"):
            raise ValueError(f"direction={direction!r}")
        refuse(
            activation_alpha=activation_alpha,
            activation_beta=activation_beta,
            clip=clip,
            input_forget=input_forget or None,
        )
        directions = 2 if direction == "bidirectional" else 1
        functions = _names(activations, defaults, directions)
        if name == "LSTM" and any(f[1] != f[2] for f in functions):
            raise Refused(f"attribute activations={activations}: two functions of the cell")

        def run(x, w, r, b=None, lengths=None, h0=None, c0=None, p=None):
            if p is not None:
                raise Refused("peepholes, input P")
            if (name == "LSTM") != (states == 2) or (c0 is not None and states == 1):
                raise ValueError("too many inputs")
            x = x if layout else ops.transpose(x, (1, 0, 2))
            starts = [s if s is None or not layout else ops.swapaxes(s, 0, 1) for s in (h0, c0)]
            mask = None
            if lengths is not None:
                count = np.asarray(ints(lengths))
                if count.shape != (x.shape[0],):
                    raise ValueError(f"{len(count)} sequence_lens for a batch of {x.shape[0]}")
                mask = np.arange(x.shape[1]) < count[:, None]
            outputs, finals = [], [[] for _ in range(states)]  # type: ignore[var-annotated]
            for i in range(directions):
                backwards = direction == "reverse" or i == 1
                out, last = _one(
                    name, x, w[i], r[i], None if b is None else b[i],
                    [None if s is None else s[i] for s in starts[:states]],
                    mask, backwards, functions[i], gates, bool(linear_before_reset),
                )  # fmt: skip
                outputs.append(out)
                for kept, state in zip(finals, last, strict=True):
                    kept.append(state)
            y = ops.stack(
                outputs, 2 if layout else 1
            )  # (batch, steps, dir, h), or (batch, dir, ..)
            if not layout:
                y = ops.transpose(y, (2, 1, 0, 3))
            ends = [ops.stack(kept, 1 if layout else 0) for kept in finals]
            return (y, *ends)

        return run


def _one(name, x, w, r, b, start, mask, backwards, functions, gates, reset_after):
    """One direction: outputs (batch, steps, units) in the order of time, and the last states."""
    units = r.shape[-1]
    kernel, recurrent = _columns(w, gates), _columns(r, gates)
    bias = None
    if b is not None:
        input_bias, recurrent_bias = (
            ops.reshape(_columns(ops.reshape(v, (-1, 1)), gates), (-1,)) for v in ops.split(b, 2)
        )
        if name == "GRU" and reset_after:
            bias = ops.stack([input_bias, recurrent_bias])
        else:
            bias = input_bias + recurrent_bias
    zeros = Tensor(np.zeros((x.shape[0], units), x.data.dtype))
    states = [zeros if s is None else s for s in start]
    options: dict[str, Any] = {"go_backwards": backwards, "zero_output_for_mask": True}
    if name == "RNN":
        out, *last = ops.rnn(
            x, kernel, recurrent, bias, states, mask, activation=functions[0], **options
        )
    elif name == "GRU":
        if b is None and reset_after:
            bias = Tensor(np.zeros((2, 3 * units), x.data.dtype))
        out, *last = ops.gru(
            x, kernel, recurrent, bias, states, mask,
            activation=functions[1], recurrent_activation=functions[0], reset_after=reset_after,
            **options,
        )  # fmt: skip
    else:
        out, *last = ops.lstm(
            x, kernel, recurrent, bias, states, mask,
            activation=functions[1], recurrent_activation=functions[0], **options,
        )  # fmt: skip
    return (ops.flip(out, 1) if backwards else out), last


_recurrent("RNN", [0], ["Tanh"], 1)
_recurrent("LSTM", [0, 2, 3, 1], ["Sigmoid", "Tanh", "Tanh"], 2)
_recurrent("GRU", [0, 1, 2], ["Sigmoid", "Tanh"], 1)


# -- graphs inside nodes --------------------------------------------------------------------------
@operator("If")
def _if(then_branch, else_branch):
    _graphs(then_branch=then_branch, else_branch=else_branch)

    def run(condition, *, _outer):
        value = np.asarray(condition.data)
        if value.size != 1:
            raise ValueError(f"the condition has shape {value.shape}")
        return tuple((then_branch if value.reshape(())[()] else else_branch).inside([], _outer))

    return run


def _graphs(**attributes: Any) -> None:
    for name, value in attributes.items():
        if not isinstance(value, Program):
            raise ValueError(f"attribute {name} is no graph")


@operator("Scan")
def _scan(
    body, num_scan_inputs, scan_input_axes=None, scan_input_directions=None,
    scan_output_axes=None, scan_output_directions=None, _version=9,
):  # fmt: skip
    if _version < 9:
        raise Refused("its form before opset 9")
    _graphs(body=body)
    count = num_scan_inputs
    if not 1 <= count <= len(body.inputs):
        raise ValueError(f"num_scan_inputs={count} for a body with {len(body.inputs)} inputs")
    carried = len(body.inputs) - count
    made = len(body.outputs) - carried
    axes, turns = scan_input_axes or [0] * count, scan_input_directions or [0] * count
    out_axes, out_turns = scan_output_axes or [0] * made, scan_output_directions or [0] * made
    if not (
        made >= 0 and len(axes) == len(turns) == count and len(out_axes) == len(out_turns) == made
    ):
        raise ValueError("the attributes do not fit the body's inputs and outputs")

    def run(*inputs, _outer):
        if len(inputs) != carried + count:
            raise ValueError(f"it has {len(inputs)} inputs for a body with {len(body.inputs)}")
        states, scanned = list(inputs[:carried]), inputs[carried:]
        columns = []
        for x, axis, turn in zip(scanned, axes, turns, strict=True):
            (along,) = axes_in([axis], x.ndim)
            x = ops.moveaxis(x, along, 0)
            columns.append(ops.flip(x, 0) if turn else x)
        steps = {x.shape[0] for x in columns}
        if len(steps) != 1 or 0 in steps:
            raise ValueError(f"the scanned inputs have {sorted(steps)} steps")
        outputs: list[list[Any]] = [[] for _ in range(made)]
        for t in range(steps.pop()):
            found = body.inside([*states, *(x[t] for x in columns)], _outer)
            states = found[:carried]
            for kept, value in zip(outputs, found[carried:], strict=True):
                kept.append(value)
        stacked = []
        for values, axis, turn in zip(outputs, out_axes, out_turns, strict=True):
            (along,) = axes_in([axis], values[0].ndim + 1)
            stacked.append(ops.stack(values[::-1] if turn else values, along))
        return (*states, *stacked)

    return run
