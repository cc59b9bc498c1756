"""The model of an ONNX graph."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from ... import ops
from ..._tape import Tensor
from ..._tree import flatten
from ...models.model import Model
from ._program import Hwio, Program

# Inputs of operators that are weights, and trained, where the file holds them as constants; the
# others (shapes, statistics, bounds, numbers in a formula) stay as they are.
_TRAINED = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "Gemm": (1, 2),
    "MatMul": (0, 1),
    "Einsum": (0, 1),
    "BatchNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "GroupNormalization": (1, 2),
    "LayerNormalization": (1, 2),
    "RMSNormalization": (1,),
    "PRelu": (1,),
    "Gather": (0,),
    "RNN": (1, 2, 3),
    "LSTM": (1, 2, 3, 7),
    "GRU": (1, 2, 3),
    "Add": (0, 1),
    "Mul": (0, 1),
}
# What only moves values: weights stay weights on the way through.
_MOVES = frozenset(
    ("Transpose", "Reshape", "Identity", "Squeeze", "Unsqueeze", "Slice", "Split", "Concat")
)
_KEPT = {"BatchNormalization": (3, 4)}  # weights that are not trained


class OnnxModel(Model):
    """What `load_onnx` gives: the graph's steps, its weights as variables.

    Inputs and outputs have the shapes and the order of axes that the file says. One input is
    taken as it is, several as a list in the file's order or as a dict by name; several outputs come
    as a list. Kernels of convolutions are kept as Keras has them, (..., channels, filters).
    """

    def __init__(self, program: Program, frame: bytes, name: str | None = None):
        super().__init__(name=name)
        self.autocast = False
        self._program = program
        self._frame = frame  # the file without its constants
        self.input_names = list(program.inputs)
        self.output_names = list(program.outputs)
        self._weights_of: dict[str, Any] = {}
        self._constants: dict[str, Tensor] = {}
        trained, kept = _roles(program)
        turned = _kernels_of_convolutions(program)
        taken: dict[str, int] = {}
        for key in list(program.constants):  # one after the other, so that each is there once
            array = program.constants.pop(key)
            if key in trained or key in kept:
                array = np.moveaxis(array, (0, 1), (-1, -2)) if key in turned else array
                variable = self._weight(key, array, key in trained, taken)
                self._weights_of[key] = Hwio(variable) if key in turned else variable
            else:
                self._constants[key] = Tensor(array)
        self.built = True

    def _weight(self, key: str, array: np.ndarray, trained: bool, taken: dict[str, int]) -> Any:
        name = "".join(c if c.isalnum() or c in "_.-" else "_" for c in key) or "weight"
        count = taken[name] = taken.get(name, -1) + 1
        return self.add_weight(
            shape=array.shape,
            initializer=lambda shape, dtype=None: array,
            dtype=array.dtype.name,
            trainable=trained,
            name=f"{name}_{count}" if count else name,
        )

    def _to_onnx(self) -> Any:
        """The file again, with the weights as they are now."""
        from onnx import ModelProto, numpy_helper

        proto = ModelProto.FromString(self._frame)
        for name, value in {**self._constants, **self._weights_of}.items():
            if isinstance(value, Hwio):
                array = np.moveaxis(value.variable.numpy(), (-1, -2), (0, 1))
            else:
                array = value.numpy()
            array = np.ascontiguousarray(array).reshape(array.shape)
            proto.graph.initializer.append(numpy_helper.from_array(array, name))
        return proto

    def _into_onnx(self, w: Any, inputs: Any) -> Any:
        """Write the graph into that of another model."""
        from onnx import ModelProto

        from ._inlining import inline

        constants = {}
        for name, value in {**self._constants, **self._weights_of}.items():
            if isinstance(value, Hwio):
                turn = (-1, -2), (0, 1)
                constants[name] = w.weight(
                    value.variable, lambda a, turn=turn: np.moveaxis(a, *turn), "/oihw"
                )
            else:
                constants[name] = w.value(value)
        return inline(w, self, ModelProto.FromString(self._frame), constants, inputs)

    def __deepcopy__(self, memo: dict) -> OnnxModel:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__getstate__(), memo))
        return twin

    def __reduce__(self) -> Any:
        from . import _unpickled

        return _unpickled, (self._to_onnx().SerializeToString(), self.name)

    def get_config(self) -> dict:
        raise NotImplementedError(
            f"Model '{self.name}' was read from an ONNX file and has no config. `export` writes it "
            "as ONNX again, with the weights it has now; `save_weights` writes these alone."
        )

    @property
    def input_shape(self) -> Any:
        """Shape of a batch of inputs, or a list of them; None for one of unknown rank."""
        shapes = [shape for _, shape in self._program.inputs.values()]
        return shapes[0] if len(shapes) == 1 else shapes

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        values: dict[str, Any] = {**self._constants, **self._weights_of}
        values.update(self._read_inputs(inputs))
        found = self._program.run(values)
        found = [x if isinstance(x, Tensor) else ops.convert_to_tensor(x) for x in found]
        return found[0] if len(found) == 1 else found

    def _read_inputs(self, inputs: Any) -> dict[str, Any]:
        names = self.input_names
        if isinstance(inputs, dict):
            missing = [n for n in names if n not in inputs]
            if missing:
                raise ValueError(
                    f"Model '{self.name}' takes inputs named {names}. Received a dict with "
                    f"{list(inputs)}."
                )
            flat = [inputs[n] for n in names]
        else:
            flat = list(flatten(inputs)) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(flat) != len(names):
            raise ValueError(
                f"Model '{self.name}' takes {len(names)} inputs, {names}. Received: {len(flat)}"
            )
        return {
            name: self._fit(name, x, *self._program.inputs[name])
            for name, x in zip(names, flat, strict=True)
        }

    def _fit(self, name: str, x: Any, dtype: Any, shape: Any) -> Any:
        x = x if isinstance(x, Tensor) else ops.convert_to_tensor(x)
        if dtype is not None and x.dtype != dtype:
            x = ops.cast(x, dtype)
        if shape is None:
            return x
        fits = len(shape) == x.ndim and all(
            n in (None, m) or m is None for n, m in zip(shape, x.shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"Model '{self.name}': input '{name}' takes shape {shape}, but received shape "
                f"{tuple(x.shape)}."
            )
        return x


def _kernels_of_convolutions(program: Program) -> set[str]:
    """The constants that are kernels of convolutions and nothing else."""
    kernels = {s.inputs[1] for s in program.steps if s.kind == "Conv"}
    others = set(program.outputs)
    for step in program.steps:
        others.update(step.captured)
        for i, name in enumerate(step.inputs):
            if not (step.kind == "Conv" and i == 1):
                others.add(name)
    return {k for k in kernels - others if k in program.constants and program.constants[k].ndim > 2}


def _all_steps(program: Program) -> Iterator[Any]:
    """The steps, and those of graphs inside nodes, whose names are all different."""
    for step in program.steps:
        yield step
        for graph in step.graphs:
            yield from _all_steps(graph)


def _roles(program: Program) -> tuple[set[str], set[str]]:
    """The constants that are trained weights, and those that are weights but stay."""
    trained: set[str] = set()
    kept: set[str] = set()
    for step in reversed(list(_all_steps(program))):
        if step.kind in _MOVES and trained.intersection(step.outputs):
            trained.update(step.inputs if step.kind == "Concat" else step.inputs[:1])
        for table, found in ((_TRAINED, trained), (_KEPT, kept)):
            for i in table.get(step.kind, ()):
                if i < len(step.inputs) and step.inputs[i]:
                    found.add(step.inputs[i])
    names = {n for n, a in program.constants.items() if a.dtype.kind == "f" and a.size > 1}
    masks = {n for n in names & trained if not np.isfinite(program.constants[n]).all()}
    return (trained - kept - masks) & names, kept & names
