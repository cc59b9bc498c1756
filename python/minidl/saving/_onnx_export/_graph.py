"""An ONNX graph in the making: values with shapes, nodes, constants, and transposes that wait.

minidl's images are channels-last, ONNX's channels-first. A `Value` may stand for a transposed
tensor of the graph; the transpose is written only when somebody needs that order, so between two
convolutions there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..._symbolic import broadcast
from ..._tape import Tensor, Variable
from ._shaping import Shaping
from ._value import Value

MOST_BYTES = 2**31 - (1 << 20)  # protobuf's bound, with room for the nodes


class Writer(Shaping):
    """Collects nodes and constants; its methods are the ONNX operators that layers are made of."""

    def __init__(self) -> None:
        from onnx import ModelProto, helper

        self.helper = helper
        self.proto = ModelProto()  # arrays go there at once, so that they are in memory once
        self.nodes: list[Any] = []
        self.scope = ""
        self._bytes = 0
        self._used: dict[str, int] = {}
        self._written: dict[Any, str] = {}  # transposes and constants that are there already

    # -- names, nodes, constants --------------------------------------------------------------
    def name(self, word: str) -> str:
        """A new name that starts with the layer's."""
        wanted = f"{self.scope}/{word}" if self.scope else word
        found = wanted
        while found in self._used:  # "x_1" may be there by itself
            self._used[wanted] += 1
            found = f"{wanted}_{self._used[wanted]}"
        self._used.setdefault(found, 0)
        return found

    def reserve(self, name: str) -> None:
        """Keep a name for an input or output of the graph."""
        self._used.setdefault(name, 0)

    def node(
        self,
        op: str,
        inputs: Sequence[Value | None],
        shape: Sequence[int | None] | None = None,
        dtype: Any = None,
        **attributes: Any,
    ) -> Value:
        """Add a node with one output, of the first input's shape and dtype unless told."""
        return self.nodes_of(op, inputs, [(shape, dtype)], **attributes)[0]

    def nodes_of(
        self, op: str, inputs: Sequence[Value | None], outputs: Sequence[tuple], **attributes: Any
    ) -> list[Value]:
        """Add a node with several outputs, each given as (shape, dtype)."""
        first = inputs[0] if inputs else None
        names = ["" if x is None else self.place(x) for x in inputs]
        made = []
        for shape, dtype in outputs:
            if first is not None:
                shape = first.shape if shape is None else shape
                dtype = first.dtype if dtype is None else dtype
            made.append(Value(self.name(op), shape, dtype))
        self._add(op, names, [v.name for v in made], attributes)
        return made

    def _add(self, op: str, inputs: list[str], outputs: list[str], attributes: dict) -> None:
        while inputs and not inputs[-1]:
            inputs.pop()
        attributes = {k: v for k, v in attributes.items() if v is not None}
        node = self.helper.make_node(op, inputs, outputs, name=f"{outputs[0]}", **attributes)
        self.nodes.append(node)

    def place(self, x: Value) -> str:
        """The name of a tensor in the order that minidl sees; a waiting transpose is written."""
        if x.perm is None:
            return x.name
        key = (x.name, x.perm)
        if key not in self._written:
            name = self.name("Transpose")
            self._add("Transpose", [x.name], [name], {"perm": list(x.perm)})
            self._written[key] = name
        return self._written[key]

    def const(self, array: Any, dtype: Any = None, word: str = "const") -> Value:
        """A constant; equal small ones are written once."""
        array = np.asarray(array, dtype)
        key = (array.tobytes(), array.dtype.str, array.shape) if array.size <= 64 else None
        name = self._written.get(key) if key else None
        if name is None:
            name = self.name(word)
            self._keep(array, name)
            if key:
                self._written[key] = name
        return Value(name, array.shape, array.dtype, array=array)

    def _keep(self, array: np.ndarray, name: str) -> None:
        """Put an array into the file."""
        self._bytes += array.nbytes
        if self._bytes > MOST_BYTES:
            raise ValueError("The model has 2 GiB of weights or more: an ONNX file has less.")
        tensor = self.proto.graph.initializer.add(
            name=name,
            dims=array.shape,
            data_type=self.helper.np_dtype_to_tensor_dtype(array.dtype),
        )
        tensor.raw_data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()

    def weight(self, variable: Any, change: Any = None, tag: str = "") -> Value:
        """The values of a variable under its own name, perhaps rearranged by `change`."""
        key = (id(variable), tag)
        array = np.asarray(variable.numpy() if hasattr(variable, "numpy") else variable)
        array = array if change is None else change(array)
        if key not in self._written:
            scope, self.scope = self.scope, ""
            name = self._written[key] = self.name(getattr(variable, "path", "weight") + tag)
            self.scope = scope
            self._keep(array, name)
        return Value(self._written[key], array.shape, array.dtype, array=array)

    def value(self, x: Any, like: Any = None) -> Value:
        """Anything that an op takes as a tensor: plain numbers take the dtype of `like`."""
        if isinstance(x, Value):
            return x
        if isinstance(x, Variable):
            return self.weight(x)
        if isinstance(x, Tensor):
            return self.const(x.data)
        if isinstance(x, (bool, int, float)) and like is not None:
            dtype = like.dtype
            if isinstance(x, float) and dtype.kind not in "f":
                dtype = np.dtype("float32")
            return self.const(x, dtype)
        array = np.asarray(x)
        if array.dtype == np.float64 and not isinstance(x, (np.ndarray, np.generic)):
            array = array.astype("float32")
        return self.const(array)

    @contextmanager
    def body(self) -> Iterator[list[Any]]:
        """Nodes added inside go into a list of their own, for a subgraph."""
        outer, seen = self.nodes, dict(self._written)
        inner: list[Any] = []
        self.nodes = inner
        try:
            yield inner
        finally:
            # constants stand outside and stay known; transposes of the body do not
            kept = {
                k: v for k, v in self._written.items() if not (len(k) == 2 and type(k[1]) is tuple)
            }
            self.nodes, self._written = outer, {**kept, **seen}

    # -- elementwise --------------------------------------------------------------------------
    def unary(self, op: str, x: Value, dtype: Any = None, **attributes: Any) -> Value:
        """An operator on each element, which commutes with transposes."""
        out = Value(self.name(op), x.shape, dtype or x.dtype, x.perm)
        self._add(op, [x.name], [out.name], attributes)
        return out

    def binary(self, op: str, x: Any, y: Any, dtype: Any = None) -> Value:
        """An operator on pairs of elements, with NumPy's broadcasting."""
        return self.elementwise(op, [x, y], dtype)

    def elementwise(self, op: str, inputs: Sequence[Any], dtype: Any = None) -> Value:
        """An operator on tensors of one dtype that broadcast together."""
        like = next((x for x in inputs if isinstance(x, (Value, Tensor, Variable))), None)
        given = self.promote([self.value(x, like) for x in inputs])
        shape: tuple = ()
        for x in given:
            shape = broadcast(shape, x.shape)
        perm = self._common_perm(given, len(shape))
        names = [self._in_order(x, perm) for x in given]
        out = Value(self.name(op), shape, dtype or given[0].dtype, perm)
        self._add(op, names, [out.name], {})
        return out

    def promote(self, values: Sequence[Value]) -> list[Value]:
        """Values cast to one dtype: floats before integers, more bits before fewer."""
        if len({v.dtype for v in values}) == 1:
            return list(values)
        floats = [v.dtype for v in values if v.dtype.kind == "f"]
        dtype = (
            max(floats, key=lambda d: d.itemsize)
            if floats
            else np.result_type(*(v.dtype for v in values))
        )
        return [self.cast(v, dtype) for v in values]

    def _common_perm(self, values: Sequence[Value], rank: int) -> tuple[int, ...] | None:
        """The order in which the tensors stand, where all that are no constants agree."""
        perms = {v.perm for v in values if v.array is None}
        if len(perms) != 1:
            return None
        (perm,) = perms
        full = all(v.ndim == rank for v in values if v.array is None)
        return perm if full else None

    def _in_order(self, x: Value, perm: tuple[int, ...] | None) -> str:
        if perm is None:
            return self.place(x)
        if x.array is None:
            return x.name
        if x.array.size == 1 and x.perm is None:
            return x.name
        spread = x.array.reshape((1,) * (len(perm) - x.ndim) + x.array.shape)
        return self.const(np.transpose(spread, np.argsort(perm)), word="spread").name

    def cast(self, x: Value, dtype: Any) -> Value:
        """The values in another dtype."""
        dtype = np.dtype(dtype)
        if x.dtype == dtype:
            return x
        if x.array is not None:
            return self.const(x.array, dtype)
        to = self.helper.np_dtype_to_tensor_dtype(dtype)
        out = self.unary("Cast", x, dtype, to=to)
        out.mask = x.mask
        return out

    def where(self, condition: Value, x: Any, y: Any) -> Value:
        """`x` where `condition` holds, `y` elsewhere."""
        like = next((v for v in (x, y) if isinstance(v, (Value, Tensor, Variable))), None)
        x, y = self.promote([self.value(x, like), self.value(y, like)])
        shape = broadcast(condition.shape, broadcast(x.shape, y.shape))
        perm = self._common_perm([condition, x, y], len(shape))
        names = [self._in_order(v, perm) for v in (condition, x, y)]
        out = Value(self.name("Where"), shape, x.dtype, perm)
        self._add("Where", names, [out.name], {})
        return out
