"""The graph between symbolic inputs and outputs, and the flat list of calls that computes it."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

from .._symbolic import KerasTensor, Node
from .._tape import Tensor
from .._tree import flatten, map_structure, pack
from ..layers.layer import Layer, call_context
from ._folding import Folded, foldable_relu, foldable_with


class Graph:
    """The calls between inputs and outputs, in the order of Keras.

    Args:
        inputs: Flat list of symbolic tensors.
        outputs: Flat list of symbolic tensors.

    Raises:
        ValueError: an output does not depend on the inputs alone, the graph has a cycle, or two
            layers have one name.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor]):
        self.inputs, self.outputs = inputs, outputs
        order, first_seen = _walk(inputs, outputs)
        depth = _depths(order)
        deepest: dict[int, int] = {}
        operations: dict[int, Any] = {}
        for node in order:
            key = id(node.operation)
            operations[key] = node.operation
            deepest[key] = max(deepest.get(key, 0), depth[node])
        for x in inputs:  # those that no output needs belong to the model all the same
            operation, index, _ = x._keras_history
            node = operation._inbound_nodes[index]
            if node.is_input and id(operation) not in operations:
                operations[id(operation)] = operation
                deepest[id(operation)], first_seen[id(operation)] = 0, -1
                depth[node] = 0
                order.append(node)
        self.operations = sorted(
            operations.values(), key=lambda op: (-deepest[id(op)], first_seen[id(op)])
        )
        self.nodes = sorted(order, key=lambda node: -depth[node])  # stable
        self.own = set(order)
        self._check(depth)
        for name, count in Counter(op.name for op in self.operations).items():
            if count > 1:
                raise ValueError(
                    f"All layers of a model need names of their own. '{name}' is used "
                    f"{count} times: pass name='...'."
                )

    def _check(self, depth: dict[Node, int]) -> None:
        known = {id(x) for x in self.inputs}
        done: list[str] = []
        for node in self.nodes:
            for x in node.input_tensors:
                if id(x) not in known:
                    raise ValueError(
                        f"Graph disconnected: {x!r}, an input of '{node.operation.name}', does not "
                        f"come from the model's inputs {[i.name for i in self.inputs]}. Reached "
                        f"without trouble: {done}"
                    )
            done.append(node.operation.name)
            if not node.is_input:
                known.update(id(x) for x in node.outputs)
        for x in self.outputs:
            if id(x) not in known:
                raise ValueError(
                    f"Graph disconnected: the output {x!r} does not come from the model's inputs "
                    f"{[i.name for i in self.inputs]}."
                )

    def node_index(self, node: Node) -> int:
        """The number of a call among those of its layer that belong to this graph."""
        calls = [n for n in node.operation._inbound_nodes if n in self.own]
        return calls.index(node)

    def calls_of(self, operation: Any) -> list[Node]:
        """The calls of a layer or op that belong to this graph."""
        return [n for n in operation._inbound_nodes if n in self.own]

    # -- plans --------------------------------------------------------------------------------
    def plan(self, folded: bool = False) -> Plan:
        """The calls as a flat list; `folded` with batch normalisations taken into convolutions."""
        calls = [n for n in self.nodes if not n.is_input]
        steps: list[tuple[Callable, Node, list[KerasTensor]]] = []
        skip: set[int] = set()
        readers: dict[int, list[Node]] = {}
        for node in calls:
            for x in node.input_tensors:
                readers.setdefault(id(x), []).append(node)
        kept = {id(x) for x in self.outputs}

        def follower(node: Node) -> Node | None:
            """The only call that reads the only output of this one."""
            if len(node.outputs) != 1 or id(node.outputs[0]) in kept:
                return None
            found = readers.get(id(node.outputs[0]), [])
            return found[0] if len(found) == 1 and _is_plain(found[0]) else None

        for node in calls:
            if id(node) in skip:
                continue
            norm = follower(node) if folded and _is_plain(node) else None
            if norm is None or not foldable_with(node.operation, norm.operation):
                steps.append((node.operation, node, node.outputs))
                continue
            skip.add(id(norm))
            relu = follower(norm)
            if relu is not None and foldable_relu(node.operation, relu.operation):
                skip.add(id(relu))
                call = Folded(node.operation, norm.operation, relu.operation)
                steps.append((call, node, relu.outputs))
            else:
                steps.append((Folded(node.operation, norm.operation), node, norm.outputs))
        return Plan(self, steps)


def _is_plain(node: Node) -> bool:
    """A call on one tensor, without settings."""
    return (
        len(node.args) == 1
        and isinstance(node.args[0], KerasTensor)
        and all(value is None or value is False for value in node.kwargs.values())
    )


class Plan:
    """Calls one after the other on numbered values."""

    def __init__(self, graph: Graph, steps: list[tuple[Callable, Node, list[KerasTensor]]]):
        slots: dict[int, int] = {}

        def slot(x: KerasTensor) -> int:
            return slots.setdefault(id(x), len(slots))

        self.inputs = [slot(x) for x in graph.inputs]
        last: dict[int, int] = {}
        self.steps: list[list[Any]] = []  # call, one, args, kwargs, target, done
        for i, (call, node, outputs) in enumerate(steps):
            for x in node.input_tensors:
                last[slot(x)] = i
            args = map_structure(lambda x: _Slot(slot(x)) if _is_symbolic(x) else x, node.args)
            kwargs = map_structure(lambda x: _Slot(slot(x)) if _is_symbolic(x) else x, node.kwargs)
            kwargs = {k: v for k, v in kwargs.items() if not (v is None and k.endswith("mask"))}
            if kwargs.pop("training", False) is True:
                call = _Training(call)
            one: Any = None  # the slot of a single tensor, or a list of slots
            if len(args) == 1 and not kwargs:
                if isinstance(args[0], _Slot):
                    one = args[0].index
                elif isinstance(args[0], list) and all(isinstance(a, _Slot) for a in args[0]):
                    one = [a.index for a in args[0]]
            targets = [slot(x) for x in outputs]
            target: Any = targets[0] if len(targets) == 1 else targets
            self.steps.append([call, one, args, kwargs, target, ()])
        self.outputs = [slot(x) for x in graph.outputs]
        keep = set(self.outputs)
        for index, i in last.items():
            if index not in keep:
                self.steps[i][5] = (*self.steps[i][5], index)
        self.size = len(slots)

    def run(self, inputs: list[Any]) -> list[Any]:
        """The outputs for flat inputs."""
        values: list[Any] = [None] * self.size
        for index, x in zip(self.inputs, inputs, strict=True):
            values[index] = x
        for call, one, args, kwargs, target, done in self.steps:
            if type(one) is int:
                out = call(values[one])
            elif one is not None:
                out = call([values[i] for i in one])
            else:
                fill = map_structure(lambda x: values[x.index] if type(x) is _Slot else x, args)
                named = map_structure(lambda x: values[x.index] if type(x) is _Slot else x, kwargs)
                out = call(*fill, **named)
            if type(target) is int:
                values[target] = out if type(out) is Tensor else next(flatten(out))
            else:
                for index, x in zip(target, flatten(out), strict=True):
                    values[index] = x
            for index in done:
                values[index] = None
        return [values[i] for i in self.outputs]

    def infer(self, inputs: list[KerasTensor]) -> list[KerasTensor]:
        """Symbolic outputs for symbolic inputs, without nodes."""
        other = copy.copy(self)
        other.steps = [[step[0].compute_output_spec, *step[1:]] for step in self.steps]
        return other.run(inputs)


class _Training:
    """A call that was made with training=True, which holds where the model is not told either."""

    def __init__(self, layer: Any):
        self.layer = layer

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        told = call_context.training
        return self.layer(*args, training=True if told is None else told, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self.layer.compute_output_spec(*args, **kwargs)


class _Slot:
    """Stands for a value in the arguments of a call."""

    def __init__(self, index: int):
        self.index = index


def _is_symbolic(x: Any) -> bool:
    return isinstance(x, KerasTensor)


def _walk(
    inputs: list[KerasTensor], outputs: list[KerasTensor]
) -> tuple[list[Node], dict[int, int]]:
    """Calls from inputs to outputs, and when each layer was first met, depth first."""
    starts = {id(x) for x in inputs}
    finished: set[Node] = set()
    active: set[Node] = set()
    order: list[Node] = []
    first_seen: dict[int, int] = {}

    def begin(x: KerasTensor) -> list[Any] | None:
        """A frame of the walk for the call behind `x`, where there is one to visit."""
        if x._keras_history is None:
            return None
        operation, index, _ = x._keras_history
        node = operation._inbound_nodes[index]
        if node in finished:
            return None
        if not node.is_input and id(x) in starts:
            finished.add(node)
            return None
        if node in active:
            raise ValueError(f"The graph has a cycle through {x!r} of '{operation.name}'.")
        first_seen.setdefault(id(operation), len(first_seen))
        active.add(node)
        return [node, iter(node.input_tensors)]

    for output in outputs:
        frame = begin(output)
        stack = [] if frame is None else [frame]
        while stack:
            node, rest = stack[-1]
            for x in rest:
                frame = begin(x)
                if frame is not None:
                    stack.append(frame)
                    break
            else:
                stack.pop()
                active.discard(node)
                finished.add(node)
                order.append(node)
    return order, first_seen


def _depths(order: list[Node]) -> dict[Node, int]:
    """How many calls lie between a call and the outputs; a shared layer counts as its deepest."""
    inside = set(order)
    depth: dict[Node, int] = {}
    of_operation: dict[int, int] = {}
    for node in reversed(order):
        key = id(node.operation)
        d = max(depth.get(node, 0), of_operation.get(key, 0))
        of_operation[key] = depth[node] = d
        for parent in node.parent_nodes:
            if parent in inside:
                depth[parent] = max(d + 1, depth.get(parent, 0))
    return depth


def clone_between(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The graph between tensors in the middle of another, with `Input`s of its own.

    The layers are shared, their calls repeated: as Keras does for `Model(tensor, tensor)`.
    """
    from ..layers.input_layer import Input

    flat_in, flat_out = list(flatten(inputs)), list(flatten(outputs))
    order, _ = _walk(flat_in, flat_out)
    twins: dict[int, KerasTensor] = {}
    starts = []
    for x in flat_in:
        operation, index, _ = x._keras_history
        if operation._inbound_nodes[index].is_input:
            twins[id(x)] = x
        else:
            twins[id(x)] = Input(batch_shape=x.shape, dtype=x.dtype, name=f"{x.name}CLONE")
        starts.append(twins[id(x)])

    def twin(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        if id(x) not in twins:
            twins[id(x)] = KerasTensor(x.shape, x.dtype, f"{x.name}_clone")
            twins[id(x)]._keras_history = x._keras_history
        return twins[id(x)]

    for node in order:
        if node.is_input:
            for x in node.outputs:
                twins.setdefault(id(x), x)
            continue
        made = [twin(x) for x in node.outputs]
        Node(node.operation, map_structure(twin, node.args), map_structure(twin, node.kwargs), made)
    return pack(inputs, starts), pack(outputs, [twin(x) for x in flat_out])


def layers_of(graph: Graph) -> list[Layer]:
    """The layers among the operations of a graph."""
    return [op for op in graph.operations if isinstance(op, Layer)]
