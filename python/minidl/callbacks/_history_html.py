"""A training run as HTML for notebooks: a small curve for each metric, and the last epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from ..utils.progress_bar import format_number

_WIDTH, _HEIGHT = 240, 90
_COLOURS = ("#1f77b4", "#ff7f0e")  # training, validation
_LAST = 10  # epochs in the table


def history_html(history: dict[str, list[Any]], epochs: Sequence[int]) -> str:
    """The HTML of a `History`."""
    if not history:
        return "<p>No epoch has been run.</p>"
    names = [n for n in history if not n.startswith("val_")]
    curves = "".join(_curve(n, history[n], history.get(f"val_{n}", [])) for n in names)
    return f"<div>{curves}</div>{_table(history, epochs)}"


def _numbers(values: Sequence[Any]) -> list[float]:
    return [v if isinstance(v, (int, float)) else math.nan for v in values]


def _curve(name: str, training: Sequence[Any], validation: Sequence[Any]) -> str:
    lines = [_numbers(training), _numbers(validation)]
    known = [v for line in lines for v in line if math.isfinite(v)]
    if not known:
        return ""
    low, high = min(known), max(known)
    steps = max(max(map(len, lines)) - 1, 1)

    def point(i: int, v: float) -> str:
        height = (v - low) / (high - low) if high > low else 0.5
        return f"{6 + i * (_WIDTH - 12) / steps:.1f},{_HEIGHT - 6 - height * (_HEIGHT - 12):.1f}"

    drawn = ""
    for line, colour in zip(lines, _COLOURS, strict=True):
        points = [point(i, v) for i, v in enumerate(line) if math.isfinite(v)]
        if points:
            x, y = points[-1].split(",")
            drawn += (
                f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"/>'
                f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>'
            )
    legend = f'<span style="color:{_COLOURS[0]}">training</span>'
    if validation:
        legend += f' <span style="color:{_COLOURS[1]}">validation</span>'
    return (
        f'<figure style="display:inline-block;margin:4px"><figcaption><b>{escape(name)}</b> '
        f"{legend}</figcaption>"
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" style="border:1px solid #ccc">{drawn}</svg>'
        f"<br>{format_number(low)} to {format_number(high)}</figure>"
    )


def _table(history: dict[str, list[Any]], epochs: Sequence[int]) -> str:
    head = "".join(f"<th>{escape(n)}</th>" for n in history)
    rows = []
    for place in range(max(0, len(epochs) - _LAST), len(epochs)):
        cells = ""
        for values in history.values():
            value = values[place] if place < len(values) else None
            shown = format_number(value) if isinstance(value, (int, float)) else value
            cells += f"<td>{'' if shown is None else escape(str(shown))}</td>"
        rows.append(f"<tr><td>{epochs[place] + 1}</td>{cells}</tr>")
    return (
        f"<table><thead><tr><th>epoch</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
