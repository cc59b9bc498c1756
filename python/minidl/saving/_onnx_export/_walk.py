"""From the calls of a model to nodes of an ONNX graph."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ... import activations
from ..._symbolic import KerasTensor
from ..._symbolic_ops import Operation
from ..._tree import flatten, map_structure
from ...layers import Layer
from ...layers.input_layer import Input
from ...models.functional import Functional
from ...models.sequential import Sequential
from ._graph import Value, Writer
from ._registry import FLOATING, OPS, emitter_of

_MAX_DEPTH = 64  # of layers inside layers


class Exporter(Writer):
    """A `Writer` that knows how to walk through models."""

    _depth = 0

    def call(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs of a layer, model or op: a `Value`, or a nested structure of them."""
        with self._inside(operation.name):
            if isinstance(operation, Operation):
                return self._call_op(operation, args, kwargs)
            if kwargs.pop("training", None) is True and operation._takes_training:
                raise NotImplementedError(
                    f"Layer '{operation.name}' ({type(operation).__name__}) is called with "
                    "training=True in this model; ONNX files hold the inference."
                )
            return self._call_layer(operation, args, kwargs)

    @contextmanager
    def _inside(self, name: str) -> Iterator[None]:
        outer, self.scope = self.scope, f"{self.scope}/{name}" if self.scope else name
        self._depth += 1
        try:
            if self._depth > _MAX_DEPTH:
                raise ValueError(f"{self.scope}: layers are nested more than {_MAX_DEPTH} deep.")
            yield
        finally:
            self.scope = outer
            self._depth -= 1

    # -- layers -------------------------------------------------------------------------------
    def _call_layer(self, layer: Any, args: tuple, kwargs: dict) -> Any:
        args = tuple(map_structure(lambda x: self._read(layer, x), a) for a in args)
        kwargs = {k: map_structure(lambda x: self._read(layer, x), v) for k, v in kwargs.items()}
        kwargs = {k: v for k, v in kwargs.items() if v is not None and v is not False}
        if type(layer).call is Functional.call:
            return self.functional(layer, args[0])
        if type(layer).call is Sequential.call:
            return self.sequential(layer, args[0])
        if hasattr(layer, "_into_onnx"):  # a graph that was read from a file
            return layer._into_onnx(self, args[0])
        emit = emitter_of(layer)
        if emit is None:
            return self._trace(layer, args, kwargs)
        before = list(flatten(args))
        out = emit(self, layer, *args, **kwargs)
        if isinstance(out, Value) and out.mask is None and layer.supports_masking:
            first = before[0]
            if len(before) == 1 and first.mask is not None and not layer._makes_masks:
                out = self.masked(out, first.mask)
        return out

    def masked(self, x: Value, mask: Value | None) -> Value:
        """The same tensor with a mask that travels with it."""
        out = Value(x.name, x.shape, x.dtype, x.perm, x.array)
        out.mask = mask
        return out

    def _read(self, layer: Any, x: Any) -> Any:
        """A tensor argument in the layer's dtype, if it holds floats."""
        if not isinstance(x, Value):
            return x
        floats = x.dtype.kind == "f" and layer.autocast
        if floats or (x.dtype.kind in "iu" and type(layer) in FLOATING):
            return self.cast(x, layer._np_dtype)
        return x

    def activate(self, layer: Any, x: Value) -> Value:
        """The activation function of a layer."""
        function = layer.activation if hasattr(layer, "activation") else layer
        return self.activation(function, x)

    def activation(self, function: Any, x: Value) -> Value:
        """An activation function: an op, a layer or a function made of ops."""
        if isinstance(function, Layer):
            return self.call(function, x)
        name = getattr(function, "__name__", None)
        if name in OPS and activations._registry.functions.get(name) is function:
            if name == "gelu":  # the activation is exact where the op is not
                return OPS[name](self, x, approximate=False)
            return OPS[name](self, x)
        return self._trace_function(function, (x,), {}, f"activation {name or function!r}")

    # -- models -------------------------------------------------------------------------------
    def sequential(self, model: Any, x: Any) -> Any:
        """The layers one after the other."""
        for layer in model._stack:
            x = self.call(layer, x)
        return x

    def functional(self, model: Any, inputs: Any) -> Any:
        """The calls of the graph; `inputs` as the model takes them."""
        flat = model._flat(inputs) if not isinstance(inputs, Value) else [inputs]
        outputs = self.graph(model._graph, flat)
        if model._unpack or (len(outputs) == 1 and isinstance(model._outputs_struct, KerasTensor)):
            return outputs[0]
        rest = iter(outputs)
        return map_structure(lambda _: next(rest), model._outputs_struct)

    def graph(self, graph: Any, inputs: list[Value]) -> list[Value]:
        """The flat outputs of a graph of calls."""
        found: dict[int, Value] = {}
        for x, value in zip(graph.inputs, inputs, strict=True):
            cast = self.cast(value, x._np_dtype)
            if cast.ndim == x.ndim + 1 and cast.shape[-1] == 1:
                cast = self.squeeze(cast, -1)
            elif cast.ndim == x.ndim - 1 and x.shape[-1] == 1:
                cast = self.expand_dims(cast, -1)
            found[id(x)] = cast

        def fill(x: Any) -> Any:
            return found[id(x)] if isinstance(x, KerasTensor) else x

        for node in graph.nodes:
            if node.is_input:
                continue
            args, kwargs = map_structure(fill, node.args), map_structure(fill, node.kwargs)
            out = list(flatten(self.call(node.operation, *args, **kwargs)))
            for x, value in zip(node.outputs, out, strict=False):
                found[id(x)] = self._agreed(node.operation, x, value)
        return [found[id(x)] for x in graph.outputs]

    def _agreed(self, operation: Any, x: KerasTensor, value: Value) -> Value:
        """The value with what the model knows of it: a size that is fixed, another dtype."""
        if value.ndim != x.ndim or any(
            n is not None and m is not None and n != m
            for n, m in zip(value.shape, x.shape, strict=True)
        ):
            raise NotImplementedError(
                f"'{operation.name}' ({type(operation).__name__}) cannot be exported to ONNX: its "
                f"output would have shape {value.shape} in place of {x.shape}."
            )
        shape = tuple(n if m is None else m for n, m in zip(value.shape, x.shape, strict=True))
        mask = value.mask
        value = self.cast(value, x._np_dtype)
        out = Value(value.name, shape, value.dtype, value.perm, value.array)
        out.mask = mask
        return out

    # -- ops ----------------------------------------------------------------------------------
    def _call_op(self, operation: Operation, args: tuple, kwargs: dict) -> Any:
        function = operation.function
        if not operation._in_order:
            kwargs = {**dict(zip(operation._order, args, strict=False)), **kwargs}
            args = ()
        if function in OPS:
            return OPS[function](self, *args, **kwargs, **operation.settings)
        raise NotImplementedError(
            f"ops.{function} cannot be exported to ONNX; docs/onnx.md lists the ops that can."
        )

    # -- what is made of ops ------------------------------------------------------------------
    def _trace(self, layer: Any, args: tuple, kwargs: dict) -> Any:
        """A layer without an entry of its own: follow its `call`."""
        name = f"layer '{layer.name}' ({type(layer).__name__})"
        if any(x.mask is not None for x in flatten((args, kwargs)) if isinstance(x, Value)):
            raise NotImplementedError(f"{name} of a masked input cannot be exported to ONNX.")
        names = inspect.signature(layer.call).parameters
        if "training" in names:
            kwargs["training"] = False
        return self._trace_function(layer.call, args, kwargs, name)

    def _trace_function(self, function: Any, args: tuple, kwargs: dict, who: str) -> Any:
        """Call a function on symbolic tensors, and write the ops that it calls."""
        from ...models._graph import Graph

        values: list[Value] = []
        symbols: list[Any] = []

        def symbol(x: Any) -> Any:
            if not isinstance(x, Value):
                return x
            values.append(x)
            symbols.append(Input(batch_shape=x.shape, dtype=x.dtype.name))
            return symbols[-1]

        args = tuple(map_structure(symbol, a) for a in args)
        kwargs = {k: map_structure(symbol, v) for k, v in kwargs.items()}
        try:
            out = function(*args, **kwargs)
            leaves = list(flatten(out))
            if not all(isinstance(x, KerasTensor) for x in leaves):
                raise TypeError("it returns something that does not depend on its input")
            graph = Graph(symbols, leaves)
        except NotImplementedError:
            raise
        except Exception as error:
            raise NotImplementedError(
                f"{who} cannot be exported to ONNX: it is none of the layers and ops that have an "
                "ONNX form, and is not made of such ops alone "
                f"({type(error).__name__}: {error})"
            ) from error
        found = iter(self.graph(graph, values))
        return map_structure(lambda _: next(found), out)
