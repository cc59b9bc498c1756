"""The table that `summary()` prints."""

from __future__ import annotations

import math
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from .._tree import is_shape

_ASCII = str.maketrans("┏┳┓┃┡╇┩│├┼┤└┴┘━─", "+++|+++|++++++=-")


def readable_size(n_bytes: float) -> str:
    """`1.50 KB` and the like, in steps of 1024."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if n_bytes < 1024:
            return f"{n_bytes:.2f} {unit}"
        n_bytes /= 1024
    return f"{n_bytes:.2f} PB"


def _count(weights: list[Any]) -> tuple[int, int]:
    unique = {id(w): w for w in weights}.values()
    return sum(math.prod(w.shape) for w in unique), sum(w.data.nbytes for w in unique)


def _shape_text(shape: tuple) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _output_shape(layer: Any, nodes: list[Any]) -> str:
    """Shapes of the outputs: of the calls in the graph, else for the shape it was built with."""
    nodes = nodes or list(layer._inbound_nodes[:1])
    if nodes:
        shapes = list(dict.fromkeys(x.shape for node in nodes for x in node.outputs))
        texts = [_shape_text(shape) for shape in shapes]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    if getattr(layer, "_build_shape", None) is None:
        return "?"
    try:
        shape = layer.compute_output_shape(layer._build_shape)
    except Exception:
        return "?"
    if isinstance(shape, dict) or not is_shape(shape):
        return str(shape)
    return _shape_text((None, *shape[1:]))


def _connections(graph: Any, nodes: list[Any]) -> str:
    """Where the inputs of all calls come from: layer, number of its call, number of the output."""
    found = []
    for node in nodes:
        for x in node.input_tensors:
            operation, index, tensor = x._keras_history
            number = graph.node_index(operation._inbound_nodes[index])
            found.append(f"{operation.name}[{number}][{tensor}]")
    return ", ".join(found) or "-"


def _is_chain(model: Any) -> bool:
    """Whether each layer only feeds the next: then no column says so."""
    graph = getattr(model, "_graph", None)
    if graph is None:
        return True
    calls = graph.nodes
    fed = [x for node in calls for x in node.input_tensors]
    single = all(len(node.input_tensors) <= 1 for node in calls)
    return single and len({id(x) for x in fed}) == len(fed) == len(calls) - 1


def _listed(model: Any) -> list[Any]:
    graph = getattr(model, "_graph", None)
    return list(model.layers if graph is None else graph.operations)


def _chosen(model: Any, layer_range: Any) -> slice:
    """The layers from the first to the last of two patterns of names, as in Keras."""
    if layer_range is None:
        return slice(None)
    if not isinstance(layer_range, (list, tuple)) or len(layer_range) != 2:
        raise ValueError(
            "`layer_range` must hold two patterns of layer names, the first and the last. "
            f"Received: layer_range={layer_range!r}"
        )
    names = [layer.name for layer in _listed(model)]
    found = [[i for i, name in enumerate(names) if re.match(p, name)] for p in layer_range]
    if not all(found):
        raise ValueError(f"`layer_range` {list(layer_range)} does not match the layers {names}.")
    first, last = found
    if min(first) > max(last):
        first, last = last, first
    return slice(min(first), max(last) + 1)


def _rows(
    model: Any,
    level: int,
    expand: bool,
    trainable: bool,
    connected: bool,
    chosen: slice = slice(None),
) -> Iterator[list]:
    graph = getattr(model, "_graph", None)
    for layer in _listed(model)[chosen]:
        nodes = [] if graph is None else graph.calls_of(layer)
        lead = "   " * level + ("└ " if level else "")
        weights = getattr(layer, "weights", [])
        number = f"{_count(weights)[0]:,}" if layer.built else "0 (unbuilt)"
        kind = getattr(layer, "class_name", type(layer).__name__)
        row = [f"{lead}{layer.name} ({kind})", _output_shape(layer, nodes), number]
        if connected:
            row.append("-" if graph is None else _connections(graph, nodes))
        if trainable:
            row.append(("Y" if layer.trainable else "N") if layer.built and weights else "-")
        yield row
        if expand and getattr(layer, "layers", None):
            yield from _rows(layer, level + 1, expand, trainable, connected)


def _wrap(text: str, width: int) -> list[str]:
    """Pieces that fit, cut behind a comma or blank where there is one."""
    pieces = []
    while len(text) > width:
        cut = text.rfind(" ", 1, width + 1)
        cut = cut if cut > 0 and text[:cut].strip() else width
        pieces.append(text[:cut])
        text = text[cut:].lstrip(" ")
    return [*pieces, text]


def _table(rows: list[list[str]], header: list[str], widths: list[int]) -> Iterator[str]:
    right = header.index("Param #")

    def line(left: str, fill: str, middle: str, end: str) -> str:
        return left + middle.join(fill * (w + 2) for w in widths) + end

    def cells(row: list[str], bar: str) -> Iterator[str]:
        wrapped = [_wrap(text, w) for text, w in zip(row, widths, strict=True)]
        for i in range(max(map(len, wrapped))):
            parts = [c[i] if i < len(c) else "" for c in wrapped]
            aligned = [
                p.rjust(w) if j == right else p.ljust(w)
                for j, (p, w) in enumerate(zip(parts, widths, strict=True))
            ]
            yield f"{bar} " + f" {bar} ".join(aligned) + f" {bar}"

    yield line("┏", "━", "┳", "┓")
    yield from cells(header, "┃")
    yield line("┡", "━", "╇", "┩")
    for i, row in enumerate(rows):
        if i:
            yield line("├", "─", "┼", "┤")
        yield from cells(row, "│")
    yield line("└", "─", "┴", "┘")


def summary_lines(
    model: Any,
    line_length: int | None = None,
    positions: list[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> list[str]:
    """The lines of `summary()`."""
    header = ["Layer (type)", "Output Shape", "Param #"]
    connected = not _is_chain(model)
    if connected:
        header.append("Connected to")
    last = len("Trainable")
    positions = list(positions or ((0.3, 0.56, 0.72, 1.0) if connected else (0.45, 0.80, 1.0)))
    room = 108 if connected else 88
    if len(positions) < len(header):
        raise ValueError(
            f"`positions` needs {len(header)} entries, for {header}. Received: {positions}"
        )
    if show_trainable:
        header.append("Trainable")
        room += last + 3
    if line_length is None:
        line_length = min(room, shutil.get_terminal_size().columns - 4)
    inner = line_length - 3 * len(header) - 1
    if inner < 4 * len(header):
        raise ValueError(f"`line_length` is too small. Received: line_length={line_length}")
    ends = [int(p * (inner - last if show_trainable else inner)) for p in positions]
    widths = [b - a for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    if show_trainable:
        widths.append(last)
    chosen = _chosen(model, layer_range)
    rows = list(_rows(model, 0, expand_nested, show_trainable, connected, chosen))
    return [
        f'Model: "{model.name}"',
        *_table(rows, header, widths),
        *(f" {text}" for text in _totals(model)),
    ]


def _totals(model: Any) -> list[str]:
    """The lines below the table."""
    trainable = _count(model.trainable_weights)
    frozen = _count(model.non_trainable_weights)
    optimizer = getattr(model, "optimizer", None)
    state = _count(optimizer.variables) if optimizer is not None and optimizer.built else (0, 0)
    total = [sum(parts) for parts in zip(trainable, frozen, state, strict=True)]
    lines = []
    for label, (number, size) in (
        ("Total", total),
        ("Trainable", trainable),
        ("Non-trainable", frozen),
    ):
        lines.append(f"{label} params: {number:,} ({readable_size(size)})")
    if state[0]:
        lines.append(f"Optimizer params: {state[0]:,} ({readable_size(state[1])})")
    return lines


def summary_html(model: Any) -> str:
    """The same as a table for notebooks."""
    connected = not _is_chain(model)
    header = ["Layer (type)", "Output Shape", "Param #", *(["Connected to"] if connected else [])]
    right = ' style="text-align:right"'
    rows = [
        "".join(
            f"<td{right if i == 2 else ''}>{escape(cell).replace('   ', '&emsp;')}</td>"
            for i, cell in enumerate(row)
        )
        for row in _rows(model, 0, True, False, connected)
    ]
    head = "".join(f"<th>{name}</th>" for name in header)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f"<table><caption>Model: <b>{escape(model.name)}</b></caption>"
        f"<thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table><p>{'<br>'.join(map(escape, _totals(model)))}</p>"
    )


def print_summary(model: Any, print_fn: Callable | None = None, **options: Any) -> None:
    """Print the table, in ASCII where the output cannot show more."""
    text = "\n".join(summary_lines(model, **options))
    if print_fn is not None:
        print_fn(text)
        return
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        text = text.translate(_ASCII)
    print(text)
