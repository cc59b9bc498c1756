"""Functional: a model that is the graph between symbolic inputs and outputs."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .. import layers as layers_module
from .. import ops
from .._symbolic import KerasTensor, Node
from .._tape import Tensor
from .._tree import flatten, is_nested, map_shapes, map_structure, pack
from ..layers._arguments import get_mask, set_mask
from ..layers.layer import Layer
from ._fast_lists import FastListsMixin
from ._graph import Graph, Plan, clone_between, layers_of
from .model import Model


class Functional(FastListsMixin, Model):
    """What `Model(inputs, outputs)` makes: a graph of layers with inputs and outputs.

    Args:
        inputs: Symbolic tensor of `Input` (or one in the middle of a graph), or a nested structure
            of them.
        outputs: Symbolic tensor computed from the inputs, or a nested structure of them.
        name: Name; None for `functional`, `functional_1`, ...
        trainable: Whether the weights are trained.

    Raises:
        ValueError: outputs that do not come from the inputs alone, cycles, layers of one name.

    Source: `keras.Model` with inputs and outputs.

    >>> import minidl
    >>> a, b = minidl.Input((3,)), minidl.Input((5,))
    >>> x = minidl.layers.Dense(2)(minidl.ops.concatenate([a, b], axis=-1))
    >>> model = minidl.Model([a, b], x)
    >>> model.output_shape, model.count_params()
    ((None, 2), 18)
    """

    _carries_masks = True
    _keras_module = "keras.src.models.functional"
    _keras_name = "Functional"

    def __init__(
        self,
        inputs: Any,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool | None = None,
        **kwargs: Any,
    ):
        for argument, structure in (("inputs", inputs), ("outputs", outputs)):
            leaves = list(flatten(structure))
            if not leaves:
                raise ValueError(f"`{argument}` is empty. Received: {argument}={structure}")
            for x in leaves:
                if not isinstance(x, KerasTensor):
                    raise ValueError(
                        f"`{argument}` must be made by `Input` and layers called on it. Received: "
                        f"{argument} with {x!r} of type {type(x).__name__}"
                    )
        if not all(_is_entry(x) for x in flatten(inputs)):
            inputs, outputs = clone_between(inputs, outputs)
        graph = Graph(list(flatten(inputs)), list(flatten(outputs)))
        layer_arguments = {k: kwargs.pop(k) for k in ("dtype",) if k in kwargs}
        Model.__init__(self, name=name, **layer_arguments, **kwargs)
        self.autocast = False  # every input has its own dtype
        self._set_graph(inputs, outputs, graph)
        if trainable is not None and not trainable:
            self.trainable = False
        self.built = True

    def _set_graph(self, inputs: Any, outputs: Any, graph: Graph) -> None:
        self._graph = graph
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._plan = graph.plan()
        self._folded_plan: Plan | None = None
        self._graph_layers = layers_of(graph)
        self._set_leaves(self._graph_layers)
        self._unpack = isinstance(outputs, (list, tuple)) and len(outputs) == 1
        self.output_names = [x._keras_history.operation.name for x in graph.outputs]
        self.input_names = [x._keras_history.operation.name for x in graph.inputs]

    # -- structure ----------------------------------------------------------------------------
    def _trial_size(self) -> int:
        return max((x.shape[0] or 1 for x in self.inputs), default=1)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs in a flat list."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs in a flat list."""
        return self._graph.outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs as they were given."""
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """The symbolic outputs as they were given."""
        return self._outputs_struct

    @property
    def operations(self) -> list[Any]:
        """All layers and ops of the graph, as Keras orders them."""
        return list(self._graph.operations)

    @property
    def layers(self) -> list[Layer]:
        """The layers, from inputs to outputs, as Keras orders them."""
        return list(self._graph_layers)

    @property
    def _layers(self) -> list[Any]:
        if self._leaves is not None:
            return self._graph_layers
        known = {id(layer) for layer in self._graph_layers}
        return self._graph_layers + [x for x in super()._layers if id(x) not in known]

    @property
    def input_shape(self) -> Any:
        """Shape of a batch of inputs, or a list of them."""
        shapes = [x.shape for x in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        """Shape of a batch of outputs, or a list of them."""
        shapes = [x.shape for x in self.outputs]
        return shapes[0] if len(shapes) == 1 else shapes

    def build(self, input_shape: Any = None) -> None:
        """A functional model is built from the start."""
        self.built = True

    def get_build_config(self) -> dict:
        return {"input_shape": None}

    def build_from_config(self, config: dict) -> None:
        pass

    # -- the call -----------------------------------------------------------------------------
    def _convert(self, x: Any) -> Any:
        # Each input is converted to its own dtype, in `call`; a single one at once: the short way.
        if type(x) in (np.ndarray, Tensor) and len(self._graph.inputs) == 1:
            return self._fit(x, self._graph.inputs[0])
        return x

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if type(inputs) is Tensor and len(self._graph.inputs) == 1:
            values = [self._fit(inputs, self._graph.inputs[0])]
        else:
            values = self._standardize(inputs)
        if mask is not None:
            for x, m in zip(values, flatten(mask), strict=False):
                if m is not None:
                    set_mask(x, m)
        if training:
            plan = self._plan
        else:
            if self._folded_plan is None:
                self._folded_plan = self._graph.plan(folded=True)
            plan = self._folded_plan
        outputs = plan.run(values)
        if self._unpack or (len(outputs) == 1 and not is_nested(self._outputs_struct)):
            return outputs[0]
        return pack(self._outputs_struct, outputs)

    def _standardize(self, inputs: Any) -> list[Any]:
        """Flat inputs in the order, rank and dtype that the graph wants."""
        return [
            self._fit(x, reference)
            for x, reference in zip(self._flat(inputs), self.inputs, strict=True)
        ]

    def _flat(self, inputs: Any) -> list[Any]:
        expected = self._inputs_struct
        names = [x.name for x in self.inputs]
        if isinstance(inputs, dict):
            if isinstance(expected, dict) and set(expected) <= set(inputs):
                return list(flatten({key: inputs[key] for key in expected}))
            if not isinstance(expected, dict) and set(names) <= set(inputs):
                return [inputs[name] for name in names]
            wanted = list(expected) if isinstance(expected, dict) else names
            raise ValueError(
                f"Model '{self.name}' takes inputs named {wanted}. Received a dict with "
                f"{list(inputs)}."
            )
        single = len(names) == 1 and not any(map(is_nested, flatten_once(inputs)))
        if single and not is_nested(expected):
            if (
                isinstance(inputs, (list, tuple))
                and len(inputs) == 1
                and hasattr(inputs[0], "shape")
            ):
                return [inputs[0]]
            return [inputs]
        if single and not isinstance(inputs, (list, tuple)):
            return [inputs]
        flat = list(flatten(inputs)) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(flat) != len(names) or any(not hasattr(x, "shape") for x in flat):
            raise ValueError(
                f"Model '{self.name}' takes {len(names)} input{'s' * (len(names) > 1)}, {names}. "
                f"Received: {_describe(inputs)}"
            )
        return flat

    def _fit(self, x: Any, reference: KerasTensor) -> Any:
        if isinstance(x, KerasTensor):
            shape, want = x.shape, reference.shape
            if len(shape) != len(want) or not _fits(want, shape):
                self._complain(reference, shape)
            return x
        if type(x) is not Tensor or x.data.dtype is not reference._np_dtype:
            mask = get_mask(x)
            try:
                x = x if isinstance(x, Tensor) else self._to_tensor(x)
            except ValueError as error:
                raise ValueError(f"Input '{reference.name}': {error}") from None
            if x.data.dtype != reference._np_dtype:
                x = ops.cast(x, reference.dtype)
                x._keras_mask = mask
        shape, want = x.data.shape, reference.shape
        if len(shape) == len(want) and _fits(want, shape):
            return x
        mask = x._keras_mask
        if len(shape) == len(want) + 1 and shape[-1] == 1:
            x = ops.squeeze(x, -1)
        elif len(shape) == len(want) - 1 and want[-1] == 1:
            x = ops.expand_dims(x, -1)
        if len(x.shape) != len(want) or not _fits(want, x.shape):
            self._complain(reference, shape)
        x._keras_mask = mask
        return x

    def _complain(self, reference: KerasTensor, shape: tuple) -> None:
        want = reference.shape
        hint = ""
        if len(shape) == len(want) - 1:
            hint = " The batch axis may be missing: x[None] adds it."
        elif len(shape) == len(want) == 4 and want[1:] == (*shape[2:], shape[1]):
            hint = " This looks channels-first: np.moveaxis(x, 1, -1) turns it round."
        raise ValueError(
            f"Model '{self.name}': input '{reference.name}' takes shape {want}, but received "
            f"shape {tuple(shape)}.{hint}"
        )

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        values = self._standardize(inputs)
        if all(x.shape == r.shape for x, r in zip(values, self.inputs, strict=True)):
            outputs = [KerasTensor(x.shape, x.dtype) for x in self.outputs]
        else:
            outputs = [KerasTensor(x.shape, x.dtype) for x in self._plan.infer(values)]
        if self._unpack or not is_nested(self._outputs_struct):
            return outputs[0]
        return pack(self._outputs_struct, outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shapes of the outputs for shapes of the inputs."""
        shapes: list[tuple] = []
        map_shapes(shapes.append, input_shape)
        if len(shapes) != len(self.inputs):
            raise ValueError(
                f"Model '{self.name}' takes {len(self.inputs)} inputs. Received: "
                f"input_shape={input_shape}"
            )
        given = [KerasTensor(s, x.dtype) for s, x in zip(shapes, self.inputs, strict=True)]
        specs = self.compute_output_spec(pack(self._inputs_struct, given))
        return map_structure(lambda x: x.shape, specs)

    # -- config and copies --------------------------------------------------------------------
    def get_config(self) -> dict:
        """The graph as Keras writes it."""
        from ._functional_config import functional_config

        return functional_config(self)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """Make a model from a config of `get_config`; its weights are fresh.

        Raises:
            ValueError: a malformed config, an unknown layer, or calls that cannot be connected.
        """
        from ._functional_config import functional_from_config

        return functional_from_config(cls, config, custom_objects)

    def __deepcopy__(self, memo: dict) -> Functional:
        # Layers are copied without their calls, which are then made again one by one: following
        # the calls would recurse through the whole graph.
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        tensors: dict[int, KerasTensor] = {}

        def tensor(x: Any) -> Any:
            return tensors[id(x)] if isinstance(x, KerasTensor) else copy.deepcopy(x, memo)

        for node in self._graph.nodes:
            made = [KerasTensor(x.shape, x.dtype, x.name) for x in node.outputs]
            operation = copy.deepcopy(node.operation, memo)
            args, kwargs = map_structure(tensor, node.args), map_structure(tensor, node.kwargs)
            Node(operation, args, kwargs, made)
            tensors.update((id(x), y) for x, y in zip(node.outputs, made, strict=True))
        twin.__dict__.update(copy.deepcopy(self.__getstate__(), memo))
        inputs = map_structure(tensor, self._inputs_struct)
        outputs = map_structure(tensor, self._outputs_struct)
        twin._set_graph(inputs, outputs, Graph(list(flatten(inputs)), list(flatten(outputs))))
        return twin

    def __getstate__(self) -> dict:
        state = super().__getstate__()
        for key in (
            *("_graph", "_inputs_struct", "_outputs_struct", "_plan", "_folded_plan"),
            *("_graph_layers", "_leaves"),
        ):
            state.pop(key, None)
        return state

    def __reduce__(self) -> Any:
        return _unpickle, (type(self), self.get_config(), self.get_weights())


def _unpickle(cls: type, config: dict, weights: list[np.ndarray]) -> Any:
    model = cls.from_config(config)  # type: ignore[attr-defined]
    model.set_weights(weights)
    return model


def flatten_once(x: Any) -> Any:
    """The entries of a list or tuple, or nothing."""
    return x if isinstance(x, (list, tuple)) else ()


def _describe(inputs: Any) -> str:
    if isinstance(inputs, (list, tuple)):
        return f"{type(inputs).__name__} of {len(inputs)}: {[_describe(x) for x in inputs]}"
    shape = getattr(inputs, "shape", None)
    return type(inputs).__name__ if shape is None else f"an array of shape {tuple(shape)}"


def _is_entry(x: KerasTensor) -> bool:
    if x._keras_history is None:
        raise ValueError(f"{x!r} was not made by `Input`, nor by a layer called on one.")
    operation, index, _ = x._keras_history
    return operation._inbound_nodes[index].is_input


def _fits(expected: tuple, shape: tuple) -> bool:
    for e, n in zip(expected, shape, strict=True):
        if e is not None and n is not None and e != n:
            return False
    return True


def is_functional(layer: Any) -> bool:
    """Whether a layer is a functional model."""
    return isinstance(layer, Functional)


layers_module._registry.add_class(Functional)
