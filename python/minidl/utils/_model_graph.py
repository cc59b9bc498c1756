"""The boxes and arrows of a model, as text for Graphviz and as a picture by matplotlib."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Picture:
    """Boxes by their key, with lines of text; arrows between keys; where it begins and ends."""

    boxes: dict[str, list[str]] = field(default_factory=dict)
    arrows: list[tuple[str, str]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)


def collect(model: Any, options: dict, prefix: str = "") -> Picture:
    """The picture of a model; with `expand_nested` also of the models inside."""
    from ..models import Sequential

    picture = Picture()
    graph = getattr(model, "_graph", None)
    if graph is None and not isinstance(model, Sequential):
        picture.boxes[prefix + model.name] = _lines(model, options)  # its calls are its own affair
        picture.entries = picture.exits = [prefix + model.name]
        return picture
    ends: dict[int, Picture] = {}
    parts = list(model.layers) if graph is None else list(graph.operations)
    for part in parts:
        key = prefix + part.name
        if options["expand_nested"] and getattr(part, "layers", None):
            inner = collect(part, options, f"{key}/")
            picture.boxes |= inner.boxes
            picture.arrows += inner.arrows
        else:
            inner = Picture(entries=[key], exits=[key])
            picture.boxes[key] = _lines(part, options)
        ends[id(part)] = inner
    if graph is None:
        for first, second in itertools.pairwise(parts):
            picture.arrows.append((ends[id(first)].exits[0], ends[id(second)].entries[0]))
        picture.entries = ends[id(parts[0])].entries[:1] if parts else []
        picture.exits = ends[id(parts[-1])].exits[:1] if parts else []
        return picture
    for part in parts:
        for node in graph.calls_of(part):
            for i, x in enumerate(node.input_tensors):
                source = ends[id(x._keras_history.operation)].exits
                target = ends[id(part)].entries
                arrow = (source[min(x._keras_history.tensor_index, len(source) - 1)],
                         target[min(i, len(target) - 1)])  # fmt: skip
                if arrow not in picture.arrows:
                    picture.arrows.append(arrow)
    picture.entries = [ends[id(x._keras_history.operation)].entries[0] for x in graph.inputs]
    picture.exits = [ends[id(x._keras_history.operation)].exits[0] for x in graph.outputs]
    return picture


def _lines(part: Any, options: dict) -> list[str]:
    """What stands in a box."""
    kind = getattr(part, "class_name", type(part).__name__)
    lines = [f"{part.name} ({kind})" if options["show_layer_names"] else kind]
    if options["show_layer_activations"] and getattr(part, "activation", None) is not None:
        activation = part.activation
        lines.append(f"activation: {getattr(activation, '__name__', type(activation).__name__)}")
    if options["show_shapes"]:
        lines.append(f"{_shapes(part, 'input')} -> {_shapes(part, 'output')}")
    if options["show_dtype"]:
        lines.append(f"dtype: {getattr(part, 'dtype', '?')}")
    if options["show_trainable"] and getattr(part, "weights", None):
        lines.append("trainable" if part.trainable else "frozen")
    return lines


def _shapes(part: Any, side: str) -> str:
    try:
        found = getattr(part, side)
    except AttributeError:
        shape = getattr(part, "_build_shape", None)
        if shape is None or not isinstance(shape, tuple):
            return "?"
        return str(shape if side == "input" else tuple(part.compute_output_shape(shape)))
    found = found if isinstance(found, (list, tuple)) else [found]
    return ", ".join(str(getattr(x, "shape", "?")) for x in found)


def to_dot(
    picture: Picture,
    rankdir: str = "TB",
    dpi: int = 200,
    splines: str = "ortho",
    subgraph: str | None = None,
) -> str:
    """The picture in Graphviz's language."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    lines = [
        "digraph model {" if subgraph is None else f"subgraph {quoted('cluster_' + subgraph)} {{",
        f"  graph [rankdir={rankdir}, dpi={dpi}, splines={quoted(splines)}];",
        '  node [shape=box, fontname="Helvetica"];',
    ]
    lines += [f"  {quoted(k)} [label={quoted(chr(10).join(v))}];" for k, v in picture.boxes.items()]
    lines += [f"  {quoted(a)} -> {quoted(b)};" for a, b in picture.arrows]
    return "\n".join([*lines, "}", ""])


def draw(picture: Picture, rankdir: str, dpi: int, path: str) -> None:
    """The picture by matplotlib: a row for each distance from the inputs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rank = dict.fromkeys(picture.boxes, 0)
    for _ in picture.boxes:  # longest paths; at most as many rounds as boxes
        before = dict(rank)
        for a, b in picture.arrows:
            rank[b] = max(rank[b], rank[a] + 1)
        if rank == before:
            break
    rows: dict[int, list[str]] = {}
    for key, depth in rank.items():
        rows.setdefault(depth, []).append(key)
    across = 0.5 + 0.085 * max((len(t) for v in picture.boxes.values() for t in v), default=1)
    height = 0.5 + 0.2 * max((len(v) for v in picture.boxes.values()), default=1)
    widest = max((len(r) for r in rows.values()), default=1)
    sideways = rankdir in ("LR", "RL")
    size = (widest * (across + 0.3), len(rows) * (height + 0.3))
    if sideways:
        size = (len(rows) * (across + 0.3), widest * (height + 0.3))
    figure = Figure(figsize=(max(size[0], 1.5), max(size[1], 1.0)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    place = {}
    for depth, keys in rows.items():
        along = (depth + 0.5) / len(rows)
        along = 1 - along if rankdir in ("TB", "RL") else along
        for i, key in enumerate(keys):
            beside = (i + 0.5) / len(keys)
            place[key] = (along, beside) if sideways else (beside, along)
    labels = {}
    for key, (x, y) in place.items():
        labels[key] = axes.text(
            x, y, "\n".join(picture.boxes[key]), ha="center", va="center", fontsize=9, zorder=3,
            bbox={"boxstyle": "square,pad=0.4", "facecolor": "white", "edgecolor": "black"},
        )  # fmt: skip
    FigureCanvasAgg(figure).draw()  # boxes have a size now, at which arrows can end
    halves = {}
    for key, label in labels.items():
        patch: Any = label.get_bbox_patch()
        box = patch.get_window_extent().transformed(axes.transData.inverted())
        halves[key] = (box.width / 2, box.height / 2)
    for a, b in picture.arrows:
        ends = _edge(place[b], place[a], halves[b]), _edge(place[a], place[b], halves[a])
        axes.annotate(
            "", *ends, arrowprops={"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0}, zorder=1
        )
    figure.savefig(path, dpi=dpi)


def _edge(centre: tuple, other: tuple, half: tuple) -> tuple[float, float]:
    """Where the line from `centre` to `other` leaves the box around `centre`."""
    way = other[0] - centre[0], other[1] - centre[1]
    share = min(h / abs(w) if w else 1.0 for h, w in zip(half, way, strict=True))
    return centre[0] + way[0] * min(share, 1.0), centre[1] + way[1] * min(share, 1.0)
