"""Recurrent layers: ONNX's own operators where these do the same, else a `Scan` over the cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import activations
from ... import layers as L
from ..._tree import flatten, map_structure
from ...layers.time_distributed import treats_samples_alone
from ._graph import Value
from ._registry import layer

_PLAIN = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}


@layer(L.RNN, L.SimpleRNN, L.LSTM, L.GRU, floats=True)
def _rnn(w, layer, sequences, initial_state=None, mask=None):
    if layer.stateful:
        raise NotImplementedError(
            f"Layer '{layer.name}' ({type(layer).__name__}) keeps its states between batches, "
            "which ONNX cannot: make it with stateful=False to export it."
        )
    if mask is None and initial_state is None:
        mask = sequences.mask
    states = _first_states(w, layer, sequences, initial_state)
    plain = None if mask is not None else _operator_of(layer.cell)
    run = _by_scan if plain is None or sequences.ndim != 3 else _by_operator
    last, outputs, states = run(w, layer, sequences, states, mask, plain)
    out = outputs if layer.return_sequences else last
    if layer.return_sequences and sequences.mask is not None and initial_state is None:
        out = w.masked(out, sequences.mask)
    return (out, *flatten(states)) if layer.return_state else out


def _first_states(w, layer, x: Value, given: Any) -> list[Any]:
    if given is not None:
        return list(given) if isinstance(given, (list, tuple)) else [given]
    if type(layer.cell).__dict__.get("get_initial_state") and not _is_ours(layer.cell):
        raise NotImplementedError(
            f"Layer '{layer.name}': the cell '{type(layer.cell).__name__}' chooses its first "
            "states itself, which cannot be exported to ONNX."
        )
    size = layer.cell.state_size
    sizes = [size] if layer.single_state else list(size)
    dtype = layer._state_dtype()
    return map_structure(lambda n: zeros(w, x, n, dtype), sizes)


def _is_ours(cell: Any) -> bool:
    return type(cell).__module__.startswith("minidl.")


def zeros(w, x: Value, size: int, dtype: Any) -> Value:
    """Zeros of shape (batch, size) for the batch of `x`."""
    zero = w.const(np.zeros((1, size), dtype))
    sizes = w.concat([w.sizes(x, 0, 1), w.const([size], "int64")], 0)
    return w.expand(zero, sizes, (x.shape[0], size))


# -- the operators --------------------------------------------------------------------------------
def _operator_of(cell: Any) -> str | None:
    """RNN, LSTM or GRU where the cell is one whose activations ONNX has."""
    names = {L.SimpleRNNCell: "RNN", L.LSTMCell: "LSTM", L.GRUCell: "GRU"}
    name = names.get(type(cell))
    functions = [cell.activation] if name else []
    if name in ("LSTM", "GRU"):
        functions.append(cell.recurrent_activation)
    return name if name and all(_plain_name(f) for f in functions) else None


def _plain_name(function: Any) -> str | None:
    name = activations.serialize(function)
    return _PLAIN.get(name) if isinstance(name, str) else None


def _reordered(parts: list[int]) -> Any:
    """A change of columns of all gates: each gate's in ONNX's order, as rows of one direction."""

    def change(v: np.ndarray) -> np.ndarray:
        gates = np.split(v, len(parts), axis=-1)
        return np.concatenate([gates[i] for i in parts], axis=-1).T[None]

    return change


def _by_operator(w, layer, x, states, mask, operator):
    cell, units = layer.cell, layer.cell.units
    order = {"RNN": [0], "LSTM": [0, 3, 1, 2], "GRU": [0, 1, 2]}[operator]
    kernel = w.weight(cell.kernel, _reordered(order), "/onnx")
    recurrent = w.weight(cell.recurrent_kernel, _reordered(order), "/onnx")
    bias = None
    if cell.bias is not None:

        def change(b):
            both = b if b.ndim == 2 else np.stack([b, np.zeros_like(b)])
            return _reordered(order)(both)[0].T.reshape(1, -1)

        bias = w.weight(cell.bias, change, "/onnx")
    functions = [cell.activation]
    if operator == "LSTM":
        functions = [cell.recurrent_activation, cell.activation, cell.activation]
    elif operator == "GRU":
        functions = [cell.recurrent_activation, cell.activation]
    first = [w.expand_dims(s, 0) for s in states]
    steps, batch = x.shape[1], x.shape[0]
    outs: list[tuple] = [((steps, 1, batch, units), None), ((1, batch, units), None)]
    if operator == "LSTM":
        outs.append(((1, batch, units), None))
    made = w.nodes_of(
        operator,
        [w.transpose(x, (1, 0, 2)), kernel, recurrent, bias, None, *first],
        outs,
        hidden_size=units,
        direction="reverse" if layer.go_backwards else "forward",
        activations=[_plain_name(f) for f in functions],
        linear_before_reset=int(bool(cell.reset_after)) if operator == "GRU" else None,
    )
    states = [w.squeeze(s, 0) for s in made[1:]]
    outputs = None
    if layer.return_sequences:
        outputs = w.transpose(w.squeeze(made[0], 1), (1, 0, 2))
        outputs = w.flip(outputs, 1) if layer.go_backwards else outputs
    return states[0], outputs, states


# -- step by step ---------------------------------------------------------------------------------
def _by_scan(w, layer, x, states, mask, _):
    """`Scan` over the steps; masked ones hand on what was."""
    cell = layer.cell
    flat = list(flatten(states))
    out_size = getattr(cell, "output_size", None)
    if out_size is None:
        out_size = flat[0].shape[-1]
    carried = [*flat, zeros(w, x, out_size, flat[0].dtype)]
    scanned = [w.transpose(x, (1, 0, *range(2, x.ndim)))]
    if mask is not None:
        scanned.append(w.transpose(w.cast(w.value(mask), bool), (1, 0)))
    heads = [Value(w.name("state"), v.shape, v.dtype) for v in carried]
    steps = [Value(w.name("step"), v.shape[1:], v.dtype) for v in scanned]
    with w.body() as nodes:
        packed = iter(heads)
        given = map_structure(lambda _: next(packed), states)
        output, new = cell_step(w, cell, steps[0], given)
        fresh = list(flatten(new))
        if mask is not None:
            keep = w.expand_dims(steps[1], -1)
            fresh = [w.where(keep, a, b) for a, b in zip(fresh, heads, strict=False)]
            old = heads[-1]
            output = w.where(keep, output, 0.0 if layer.zero_output_for_mask else old)
        outs = [w.node("Identity", [v]) for v in (*fresh, output, output)]
    helper = w.helper

    def info(v: Value) -> Any:
        # the sizes are those of the scan's inputs: only the rank is said
        kind = helper.np_dtype_to_tensor_dtype(v.dtype)
        return helper.make_tensor_value_info(v.name, kind, [None] * v.ndim)

    body = helper.make_graph(
        nodes, w.name("body"), [info(v) for v in (*heads, *steps)], [info(v) for v in outs]
    )
    time, batch = x.shape[1], x.shape[0]
    shapes = [(v.shape, v.dtype) for v in (*fresh, carried[-1])]
    shapes.append(((time, batch, out_size), outs[-1].dtype))
    made = w.nodes_of(
        "Scan",
        [*carried, *scanned],
        shapes,
        body=body,
        num_scan_inputs=len(scanned),
        scan_input_directions=[int(layer.go_backwards)] * len(scanned),
    )
    finals = iter(made[:-2])
    states = map_structure(lambda _: next(finals), states)
    return made[-2], w.transpose(made[-1], (1, 0, 2)), states


def cell_step(w, cell: Any, x: Value, states: Any) -> tuple[Value, Any]:
    """One step of a cell: its output and new states."""
    step = _STEPS.get(type(cell))
    if step is not None:
        return step(w, cell, x, states)
    out, new = w._trace_function(cell.call, (x, list(states)), {}, f"cell '{type(cell).__name__}'")
    return out, new if isinstance(new, (list, tuple)) else [new]


def _simple_step(w, cell, x, states):
    total = w.binary(
        "Add", _product(w, x, cell.kernel, cell.bias), _product(w, states[0], cell.recurrent_kernel)
    )
    h = w.activation(cell.activation, total)
    return h, [h]


def _lstm_step(w, cell, x, states):
    h, c = states
    total = w.binary(
        "Add", _product(w, x, cell.kernel, cell.bias), _product(w, h, cell.recurrent_kernel)
    )
    i, f, g, o = w.split(total, [cell.units] * 4, 1)
    i, f, o = (w.activation(cell.recurrent_activation, gate) for gate in (i, f, o))
    fresh = w.binary("Mul", i, w.activation(cell.activation, g))
    c = w.binary("Add", w.binary("Mul", f, c), fresh)
    h = w.binary("Mul", o, w.activation(cell.activation, c))
    return h, [h, c]


def _gru_step(w, cell, x, states):
    (h,) = states
    n = cell.units
    bias = recurrent_bias = None
    if cell.bias is not None:
        bias = cell.bias
        if cell.reset_after:
            bias = w.weight(cell.bias, lambda b: b[0], "/input")
            recurrent_bias = w.weight(cell.bias, lambda b: b[1], "/recurrent")
    xz, xr, xg = w.split(_product(w, x, cell.kernel, bias), [n] * 3, 1)
    kernel = cell.recurrent_kernel
    if cell.reset_after:
        hz, hr, hg = w.split(_product(w, h, kernel, recurrent_bias), [n] * 3, 1)
    else:
        gates = w.weight(kernel, lambda k: k[:, : 2 * n], "/gates")
        hz, hr = w.split(_product(w, h, gates), [n] * 2, 1)
    z = w.activation(cell.recurrent_activation, w.binary("Add", xz, hz))
    r = w.activation(cell.recurrent_activation, w.binary("Add", xr, hr))
    if cell.reset_after:
        hg = w.binary("Mul", r, hg)
    else:
        candidate = w.weight(kernel, lambda k: k[:, 2 * n :], "/candidate")
        hg = _product(w, w.binary("Mul", r, h), candidate)
    g = w.activation(cell.activation, w.binary("Add", xg, hg))
    h = w.binary("Add", w.binary("Mul", z, h), w.binary("Mul", w.binary("Sub", 1.0, z), g))
    return h, [h]


def _stacked_step(w, cell, x, states):
    new_states = []
    for inner, state in zip(cell.cells, states, strict=True):
        nested = isinstance(state, (list, tuple))
        x, new = cell_step(w, inner, x, list(state) if nested else [state])
        new_states.append(list(new) if nested else new[0])
    return x, new_states


def _product(w, x: Value, kernel: Any, bias: Any = None) -> Value:
    out = w.matmul(x, w.value(kernel))
    return out if bias is None else w.binary("Add", out, bias)


_STEPS = {
    L.SimpleRNNCell: _simple_step,
    L.LSTMCell: _lstm_step,
    L.GRUCell: _gru_step,
    L.StackedRNNCells: _stacked_step,
}


# -- wrappers -------------------------------------------------------------------------------------
@layer(L.Bidirectional)
def _bidirectional(w, layer, sequences, initial_state=None, mask=None):
    forward: dict[str, Any] = {} if mask is None else {"mask": mask}
    backward = dict(forward)
    if initial_state is not None:
        half = len(initial_state) // 2
        forward["initial_state"] = list(initial_state[:half])
        backward["initial_state"] = list(initial_state[half:])
    y = w.call(layer.forward_layer, sequences, **forward)
    z = w.call(layer.backward_layer, sequences, **backward)
    states: tuple = ()
    if layer.return_state:
        states = (*y[1:], *z[1:])
        y, z = y[0], z[0]
    kept = y.mask
    if layer.return_sequences:
        z = w.flip(z, 1)
    if layer.merge_mode is None:
        return (w.masked(y, kept), w.masked(z, kept), *states)
    if layer.merge_mode == "concat":
        out = w.concat([y, z], -1)
    else:
        out = w.binary("Mul" if layer.merge_mode == "mul" else "Add", y, z)
        if layer.merge_mode == "ave":
            out = w.binary("Mul", out, 0.5)
    out = w.masked(out, kept)
    return (out, *states) if layer.return_state else out


@layer(L.TimeDistributed)
def _time_distributed(w, layer, x, mask=None):
    if not treats_samples_alone(layer.layer, False):
        raise NotImplementedError(
            f"Layer '{layer.name}' (TimeDistributed) around '{layer.layer.name}' "
            f"({type(layer.layer).__name__}) cannot be exported to ONNX: the inner layer may mix "
            "samples."
        )
    mask = x.mask if mask is None else mask
    batch, steps, *rest = x.shape
    if None in rest:
        raise NotImplementedError(
            f"Layer '{layer.name}' (TimeDistributed) can be exported to ONNX for known sizes "
            f"behind the steps only. Received: shape {x.shape}"
        )
    count = None if None in (batch, steps) else batch * steps
    folded = w.node("Reshape", [x, w.const([-1, *rest], "int64")], (count, *rest))
    if mask is not None and "mask" in layer.layer._mask_names:
        folded = w.masked(folded, w.node("Reshape", [mask, w.const([-1], "int64")], (count,)))
    out = w.call(layer.layer, folded)
    inner = out.shape[1:]
    lead = w.sizes(x, 0, 2)
    if None in inner:
        behind = w.sizes(out, 1, out.ndim)
    else:
        behind = w.const(list(inner), "int64")
    target = w.concat([lead, behind], 0) if inner else lead
    out = w.node("Reshape", [out, target], (batch, steps, *inner))
    return out if mask is None else w.masked(out, mask)
