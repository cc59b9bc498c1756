"""Symbolic tensors: shape and dtype without data, and the calls that made them.

A layer or an op that is called on symbolic tensors computes nothing. It leaves a `Node` behind,
which its outputs know; `Model(inputs, outputs)` walks back from the outputs and finds the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ._naming import auto_name
from ._tape import Tensor
from ._tree import flatten, map_structure


class KerasHistory(NamedTuple):
    """Where a symbolic tensor comes from: a layer or op, which of its calls, which output."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor:
    """A placeholder: shape and dtype without data.

    Args:
        shape: Tuple of sizes, None where a size is open.
        dtype: Name of the dtype. Defaults to `"float32"`.
        name: Name; None makes one.

    Source: `keras.KerasTensor`.

    >>> import minidl
    >>> x = minidl.Input((4,))
    >>> (x[:, :2] * 2).shape
    (None, 2)
    """

    _keras_history: Any = None
    _keras_mask: Any = None
    __array_priority__ = 2000  # so that ndarray + KerasTensor comes here
    __array_ufunc__ = None

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None):
        self.shape = tuple(None if n is None else int(n) for n in shape)
        self._np_dtype = np.dtype(dtype)
        self.dtype = self._np_dtype.name
        self.name = name or auto_name("KerasTensor")

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def T(self) -> Any:
        """The tensor with its axes reversed."""
        return _op("transpose", self)

    def reshape(self, *shape: Any) -> Any:
        """The same values in another shape."""
        return _op("reshape", self, shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype: Any) -> Any:
        """The values in another dtype."""
        return _op("cast", self, dtype)

    def __getitem__(self, key: Any) -> Any:
        return _op("getitem", self, key)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"{self!r} is a placeholder in a functional model: it holds no data. Use layers and "
            "the functions of minidl.ops on it, or write a layer whose `call` works on data."
        )

    __array__ = __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = _refuse

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _op(name: str, *args: Any) -> Any:
    from . import ops

    return getattr(ops, name)(*args)


def _operator(name: str, reverse: bool = False) -> Callable:
    def method(self: Any, other: Any) -> Any:
        return _op(name, other, self) if reverse else _op(name, self, other)

    return method


for _python, _name in (
    ("add", "add"),
    ("sub", "subtract"),
    ("mul", "multiply"),
    ("truediv", "divide"),
    ("floordiv", "floor_divide"),
    ("mod", "mod"),
    ("pow", "power"),
    ("matmul", "matmul"),
):
    setattr(KerasTensor, f"__{_python}__", _operator(_name))
    setattr(KerasTensor, f"__r{_python}__", _operator(_name, reverse=True))
for _python, _name in (
    ("gt", "greater"),
    ("ge", "greater_equal"),
    ("lt", "less"),
    ("le", "less_equal"),
    ("and", "logical_and"),
    ("or", "logical_or"),
):
    setattr(KerasTensor, f"__{_python}__", _operator(_name))
for _python, _name in (("neg", "negative"), ("abs", "absolute"), ("invert", "logical_not")):
    setattr(KerasTensor, f"__{_python}__", lambda self, _name=_name: _op(_name, self))


class Node:
    """One call of a layer or op on symbolic tensors.

    Args:
        operation: What was called.
        args: Its arguments.
        kwargs: Its named arguments.
        outputs: What it returned: symbolic tensors, perhaps nested.
    """

    def __init__(self, operation: Any, args: tuple, kwargs: dict, outputs: Any):
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.input_tensors = list(symbolic_in((args, kwargs)))
        self.outputs = list(flatten(outputs))
        for x in self.outputs:
            if not isinstance(x, KerasTensor):
                raise ValueError(
                    f"'{operation.name}' must return tensors to be used in a functional model. "
                    f"Received: {x!r}"
                )
        nodes = operation.__dict__.setdefault("_inbound_nodes", [])
        for i, x in enumerate(self.outputs):
            x._keras_history = KerasHistory(operation, len(nodes), i)
        nodes.append(self)
        for x in self.input_tensors:
            if x._keras_history is not None:
                source = x._keras_history.operation
                source.__dict__.setdefault("_outbound_nodes", []).append(self)

    @property
    def is_input(self) -> bool:
        """Whether nothing flows in: an `Input`."""
        return not self.input_tensors

    @property
    def output_tensors(self) -> list[KerasTensor]:
        """The outputs in a flat list, as Keras names them."""
        return self.outputs

    @property
    def parent_nodes(self) -> list[Node]:
        """The calls that made the inputs."""
        histories = [x._keras_history for x in self.input_tensors]
        return [h.operation._inbound_nodes[h.node_index] for h in histories if h is not None]

    def __repr__(self) -> str:
        return f"<Node operation={self.operation.name}>"


def symbolic_in(structure: Any) -> Iterator[KerasTensor]:
    """The symbolic tensors in a nested structure."""
    return (x for x in flatten(structure) if isinstance(x, KerasTensor))


def is_symbolic(*structures: Any) -> bool:
    """Whether there is a symbolic tensor in one of the structures."""
    return any(True for _ in symbolic_in(structures))


class NodesMixin:
    """What layers and ops inherit: the calls on symbolic tensors they took part in."""

    name: str
    _inbound_nodes: Any = ()
    _outbound_nodes: Any = ()

    def __getstate__(self) -> dict:
        """Without the calls, which lead to all other layers."""
        calls = ("_inbound_nodes", "_outbound_nodes")
        return {k: v for k, v in self.__dict__.items() if k not in calls}

    def _of_first_node(self, attribute: str) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(
                f"'{self.name}' has no defined {attribute}: it was never called on an `Input`. "
                "Use it in a functional model or a Sequential with a known input shape."
            )
        node = self._inbound_nodes[0]
        found = node.outputs if attribute == "output" else node.input_tensors
        if attribute == "input" and node.is_input:
            found = node.outputs
        return found[0] if len(found) == 1 else list(found)

    @property
    def input(self) -> Any:
        """The symbolic input of the first call, or a list of them."""
        return self._of_first_node("input")

    @property
    def output(self) -> Any:
        """The symbolic output of the first call, or a list of them."""
        return self._of_first_node("output")


class UnknownShape(ValueError):
    """The shape of an output cannot be told before there is data."""


# -- shapes by trial ------------------------------------------------------------------------------
# Open sizes are tried as these numbers, batch and others: what differs between the two trials of a
# pair is open in the result, what does not is fixed. Later pairs are for windows that are larger.
_TRIALS = (((2, 4), (3, 6)), ((2, 24), (3, 36)), ((2, 96), (3, 128)), ((2, 320), (3, 384)))


def infer(call: Callable, arguments: Any, who: str) -> Any:
    """Symbolic outputs of `call(arguments)`, found by running it on zeros of small open sizes.

    Args:
        call: Takes `arguments` with real tensors in place of symbolic ones.
        arguments: Nested structure with symbolic tensors.
        who: Whose output it is, for messages.

    Returns:
        The structure of the outputs with `KerasTensor`s.

    Raises:
        ValueError: the call fails for every trial size, or gives something else than tensors.
    """
    shapes = [x.shape for x in symbolic_in(arguments)]
    is_open = any(None in shape for shape in shapes)
    only_batch = not any(None in shape[1:] for shape in shapes)
    error: Exception | None = None
    for pair in _TRIALS[:1] if only_batch else _TRIALS:
        try:
            with np.errstate(all="ignore"):
                found = [
                    call(map_structure(_zeros(*sizes), arguments)) for sizes in pair[: 1 + is_open]
                ]
            break
        except (ValueError, IndexError) as e:
            error = error or e
    else:
        raise UnknownShape(f"The output shape of {who} could not be found out: {error}") from error
    leaves = [list(flatten(f)) for f in found]
    if not all(isinstance(x, Tensor) for x in leaves[0]) or len({len(f) for f in leaves}) != 1:
        raise ValueError(f"{who} must return tensors. Received: {found[0]!r}")
    together = zip(*leaves, strict=True)
    specs = iter([KerasTensor(_common([x.shape for x in xs]), xs[0].dtype) for xs in together])
    return map_structure(lambda _: next(specs), found[0])


def _zeros(batch: int, other: int) -> Callable:
    def replace(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        sizes = (batch, *(other,) * (len(x.shape) - 1))
        shape = [m if n is None else n for n, m in zip(x.shape, sizes, strict=True)]
        return Tensor(np.zeros(shape, x.dtype))

    return replace


def _common(shapes: list[tuple]) -> tuple:
    first = shapes[0]
    if any(len(s) != len(first) for s in shapes):
        raise ValueError(f"The rank of an output depends on the input's size: shapes {shapes}")
    return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes, strict=True))


def broadcast(shape1: tuple, shape2: tuple) -> tuple:
    """The broadcast shape of two shapes with open sizes.

    Raises:
        ValueError: they do not fit.
    """
    n = max(len(shape1), len(shape2))
    a, b = (1,) * (n - len(shape1)) + shape1, (1,) * (n - len(shape2)) + shape2
    out = []
    for x, y in zip(a, b, strict=True):
        if x == 1 or (x is None and y != 1):
            out.append(y)
        elif y in (1, x) or y is None:
            out.append(x)
        else:
            raise ValueError(f"Shapes {shape1} and {shape2} cannot be broadcast together.")
    return tuple(out)
