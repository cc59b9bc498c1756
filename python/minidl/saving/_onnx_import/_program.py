"""A graph as a list of steps over named values, and how they are run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor, Variable
from ._read import DEEPEST, read_attribute, read_tensor, read_type
from ._registry import FOLLOWS, IMAGES, OPERATORS, RAW, Operator, Refused, axes_in, takes

OLDEST, NEWEST = 1, 28  # opsets whose operators are known


class Images:
    """A channels-first tensor that lies in memory channels-last, as convolutions leave it."""

    def __init__(self, last: Tensor):
        self.last = last
        n = last.ndim
        self.shape = (last.shape[0], last.shape[n - 1], *last.shape[1 : n - 1])
        self._first: Tensor | None = None

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.last.ndim

    def place(self, axis: int) -> int:
        """Where an axis of the file's lies."""
        (axis,) = axes_in([axis], self.ndim)
        return axis if axis == 0 else self.ndim - 1 if axis == 1 else axis - 1

    def first(self) -> Tensor:
        """The tensor as the file means it."""
        if self._first is None:
            n = self.last.ndim
            self._first = ops.transpose(self.last, (0, n - 1, *range(1, n - 1)))
        return self._first


class Hwio:
    """The kernel of a convolution that is kept as minidl has it: (..., channels, filters)."""

    def __init__(self, variable: Variable):
        self.variable = variable
        self.shape, self.ndim = variable.shape, len(variable.shape)


def channels_last(x: Any) -> Tensor:
    """(batch, ..., channels) of a value that the file has as (batch, channels, ...)."""
    if isinstance(x, Images):
        return x.last
    return ops.transpose(x, (0, *range(2, x.ndim), 1))


def plain(x: Any) -> Any:
    """A value as the file means it."""
    return x.first() if isinstance(x, Images) else x


def _named(names: Any) -> list[str]:
    """Names without the empty ones at the end, which stand for what is left out."""
    found = list(names)
    while found and not found[-1]:
        found.pop()
    return found


class Step:
    """One node: a function of named values."""

    def __init__(self, node: Any, operator: Operator, run: Callable, captured: list[str]):
        self.kind = node.op_type
        self.name = node.name or (node.output[0] if node.output else "")
        self.run = run
        self.layout = operator.layout
        self.inputs = _named(node.input)
        self.outputs = _named(node.output)
        self.captured = captured
        self.graphs: list[Program] = []  # inside the node
        self.last_use: list[str] = []

    def __call__(self, values: dict[str, Any]) -> None:
        """Read the inputs, write the outputs."""
        given = [values[n] if n else None for n in self.inputs]
        try:
            with np.errstate(all="ignore"):
                out = self._compute(given, values)
        except (ValueError, TypeError, IndexError, ArithmeticError, NotImplementedError) as error:
            kind = NotImplementedError if isinstance(error, NotImplementedError) else ValueError
            raise kind(f"ONNX node '{self.name}' ({self.kind}): {error}") from error
        out = out if type(out) is tuple else (out,)
        if len(out) < len(self.outputs):
            raise ValueError(
                f"ONNX node '{self.name}' ({self.kind}) names {len(self.outputs)} outputs; it has "
                f"{len(out)}"
            )
        for name, value in zip(self.outputs, out, strict=False):
            if name:
                values[name] = value

    def _compute(self, given: list[Any], values: dict[str, Any]) -> Any:
        if self.layout == RAW:
            return self.run(*given)
        if self.layout == IMAGES:
            return self.run(given[0], *map(plain, given[1:]))
        if self.layout == FOLLOWS and any(isinstance(x, Images) for x in given):
            followed = _following(given)
            if followed is not None:
                out = self.run(*followed)
                return tuple(map(Images, out)) if type(out) is tuple else Images(out)
        given = [plain(x) for x in given]
        if self.graphs:
            return self.run(*given, _outer={n: plain(values[n]) for n in self.captured})
        return self.run(*given)


def _following(given: list[Any]) -> list[Any] | None:
    """All inputs channels-last, where that costs nothing: beside images only small tensors."""
    rank = next(x.ndim for x in given if isinstance(x, Images))
    found = []
    for x in given:
        if isinstance(x, Images):
            if x.ndim != rank:
                return None
            found.append(x.last)
        elif x is None or (_size(x) == 1 and x.ndim <= rank):
            found.append(x if x is None or x.ndim == 0 else ops.reshape(x, ()))
        elif x.ndim == rank and _size(x) == x.shape[1]:  # one number for each channel
            found.append(ops.reshape(x, (x.shape[1],)))
        elif x.ndim == rank - 1 and _size(x) == x.shape[0]:
            found.append(ops.reshape(x, (x.shape[0],)))
        else:
            return None
    return found


def _size(x: Any) -> int:
    return int(np.prod(x.shape, dtype=np.int64))


@functools.lru_cache(maxsize=512)
def _kinds_of_attributes(operator: str, version: int) -> dict[str, int]:
    """The kind of each attribute, from the standard's own table.

    Raises:
        ValueError: that opset has no such operator.
    """
    from onnx import defs

    try:
        schema = defs.get_schema(operator, version)
    except Exception as error:  # its class is not public everywhere
        raise ValueError(f"opset {version} does not have it") from error
    return {name: int(getattr(a.type, "value", 0)) for name, a in schema.attributes.items()}


class Program:
    """The steps of a graph.

    Args:
        graph: `GraphProto`.
        version: The opset.
        outer: Names that the graph around this one has, for a graph inside a node.
        depth: How many graphs are around this one.

    Raises:
        NotImplementedError: an operator, attribute or dtype that is not offered; named.
        ValueError: a graph that is malformed.
    """

    def __init__(
        self, graph: Any, version: int, outer: frozenset[str] = frozenset(), depth: int = 0
    ):
        if depth > DEEPEST:
            raise ValueError(f"graphs lie inside graphs more than {DEEPEST} deep")
        if len(graph.sparse_initializer):
            raise Refused("sparse initializers")
        self.version, self.depth = version, depth
        self.constants: dict[str, np.ndarray] = {}
        for tensor in graph.initializer:
            if not tensor.name or tensor.name in self.constants:
                raise ValueError(f"two initializers, or one without a name: {tensor.name!r}")
            self.constants[tensor.name] = read_tensor(tensor, f"initializer '{tensor.name}'")
        self.inputs: dict[str, tuple] = {}
        for value in graph.input:
            if value.name in self.inputs:
                raise ValueError(f"two inputs are named {value.name!r}")
            if value.name not in self.constants:
                # inside a node the types follow from the inputs there
                known = value.type.WhichOneof("value") is not None
                self.inputs[value.name] = read_type(value) if depth == 0 or known else (None, None)
        self.outputs = [value.name for value in graph.output]
        self.captured: set[str] = set()
        self.steps: list[Step] = []
        known = {*self.inputs, *self.constants}
        for node in graph.node:
            self._add(node, known, outer)
        missing = [n for n in self.outputs if n not in known]
        for name in missing:
            if name not in outer:
                raise ValueError(f"nothing makes the output {name!r}")
            self.captured.add(name)
        self._note_last_uses()

    def _add(self, node: Any, known: set[str], outer: frozenset[str]) -> None:
        where = f"node '{node.name or (node.output[0] if node.output else '')}'"
        if node.domain not in ("", "ai.onnx"):
            raise Refused(f"operator {node.op_type} of the domain {node.domain!r} ({where})")
        operator = OPERATORS.get(node.op_type)
        if operator is None:
            raise Refused(f"operator {node.op_type} ({where})")
        for name in node.input:
            if name and name not in known:
                if name not in outer:
                    raise ValueError(
                        f"{where} ({node.op_type}) reads {name!r}, which nothing before it makes: "
                        "the graph has a cycle, or its nodes are not in order"
                    )
                self.captured.add(name)
        fresh = [name for name in node.output if name]
        for name in fresh:
            if name in known or name in outer or fresh.count(name) > 1:
                raise ValueError(f"{where} ({node.op_type}) makes {name!r}, which is there already")
        try:
            step = self._step(node, operator, known, outer)
        except Refused as error:
            raise Refused(f"operator {node.op_type} ({where}): {error}") from None
        except (ValueError, TypeError) as error:
            raise ValueError(f"operator {node.op_type} ({where}): {error}") from error
        self.captured.update(n for n in step.captured if n not in known)
        if step.kind == "Constant":  # as good as an initializer, and perhaps a weight
            self.constants[step.outputs[0]] = np.asarray(step.run().data)
        else:
            self.steps.append(step)
        known.update(fresh)

    def _step(self, node: Any, operator: Operator, known: set[str], outer: frozenset[str]) -> Step:
        if not any(node.output):
            raise ValueError("it has no output")
        kinds = _kinds_of_attributes(node.op_type, self.version)
        given: dict[str, Any] = {}
        captured: set[str] = set()
        graphs: list[Program] = []
        for attribute in node.attribute:
            name = attribute.name
            if name in given:
                raise ValueError(f"attribute {name} comes twice")
            if name not in operator.attributes:
                raise Refused(f"attribute {name}")
            if attribute.type != kinds.get(name, attribute.type):
                raise ValueError(f"attribute {name} is of another kind than the standard says")
            value = read_attribute(attribute, f"attribute {name}")
            if attribute.type == 5:
                value = Program(value, self.version, outer | known, self.depth + 1)
                captured |= value.captured
                graphs.append(value)
            given[name] = value
        for name, fact in (("_version", self.version), ("_outputs", len(_named(node.output)))):
            if name in operator.asks:
                given[name] = fact
        run = operator.factory(**given)
        step = Step(node, operator, run, sorted(captured))
        step.graphs = graphs
        least, most = takes(run)
        count = len(step.inputs)
        if not least <= count <= most or "" in step.inputs[:least]:
            raise ValueError(f"it has {count} inputs, and takes {least} to {most}")
        return step

    def _note_last_uses(self) -> None:
        """Say which values each step is the last to read, so that they can go."""
        seen = set(self.outputs)
        for step in reversed(self.steps):
            for name in {*step.inputs, *step.captured}:
                if name and name not in seen and name not in self.constants:
                    seen.add(name)
                    step.last_use.append(name)

    def run(self, values: dict[str, Any]) -> list[Any]:
        """The outputs, for a dict with the inputs and constants, which is used up."""
        for step in self.steps:
            step(values)
            for name in step.last_use:
                values.pop(name, None)
        return [plain(values[n]) for n in self.outputs]

    def inside(self, inputs: list[Any], outer: dict[str, Any]) -> list[Any]:
        """The outputs of a graph inside a node."""
        if len(inputs) != len(self.inputs):
            raise ValueError(f"the inner graph takes {len(self.inputs)} inputs, not {len(inputs)}")
        constants = {name: Tensor(array) for name, array in self.constants.items()}
        return self.run({**outer, **constants, **dict(zip(self.inputs, inputs, strict=True))})
