"""The table that `summary()` prints."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

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


def _output_shape(layer: Any) -> str:
    shape = getattr(layer, "_output_shape", None)
    if shape is None:
        if layer._build_shape is None:
            return "?"
        try:
            shape = layer.compute_output_shape(layer._build_shape)
        except Exception:
            return "?"
    if isinstance(shape, (list, dict)):
        return str(shape)
    return f"({', '.join(['None', *map(str, shape[1:])])}{',' if len(shape) == 1 else ''})"


def _rows(layers: list[Any], level: int, expand: bool, trainable: bool) -> Iterator[list[str]]:
    for layer in layers:
        lead = "   " * level + ("└ " if level else "")
        number = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        row = [f"{lead}{layer.name} ({type(layer).__name__})", _output_shape(layer), number]
        if trainable:
            row.append(("Y" if layer.trainable else "N") if layer.built and layer.weights else "-")
        yield row
        inner = getattr(layer, "layers", None)
        if expand and inner:
            yield from _rows(inner, level + 1, expand, trainable)


def _wrap(text: str, width: int) -> list[str]:
    return [text[i : i + width] for i in range(0, len(text), width)] or [""]


def _table(rows: list[list[str]], header: list[str], widths: list[int]) -> Iterator[str]:
    right = len(widths) - 1 if header[-1] == "Param #" else 2

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
) -> list[str]:
    """The lines of `summary()`."""
    header = ["Layer (type)", "Output Shape", "Param #"]
    positions = list(positions or (0.45, 0.80, 1.0))
    room = 88
    if show_trainable:
        header.append("Trainable")
        positions = [p * 0.9 for p in positions] + [1.0]
        room = 100
    if line_length is None:
        line_length = min(room, shutil.get_terminal_size().columns - 4)
    inner = line_length - 3 * len(header) - 1
    if inner < 4 * len(header):
        raise ValueError(f"`line_length` is too small. Received: line_length={line_length}")
    ends = [int(p * inner) for p in positions]
    widths = [b - a for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    rows = list(_rows(model.layers, 0, expand_nested, show_trainable))

    trainable = _count(model.trainable_weights)
    frozen = _count(model.non_trainable_weights)
    optimizer = getattr(model, "optimizer", None)
    state = _count(optimizer.variables) if optimizer is not None and optimizer.built else (0, 0)
    total = [sum(parts) for parts in zip(trainable, frozen, state, strict=True)]
    lines = [f'Model: "{model.name}"', *_table(rows, header, widths)]
    for label, (number, size) in (
        ("Total", total),
        ("Trainable", trainable),
        ("Non-trainable", frozen),
    ):
        lines.append(f" {label} params: {number:,} ({readable_size(size)})")
    if state[0]:
        lines.append(f" Optimizer params: {state[0]:,} ({readable_size(state[1])})")
    return lines


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
