"""What a PyTorch module's parameters become in a layer of minidl: one function a kind of layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Pairs = list[tuple[Any, np.ndarray]]  # variable, its new value


class Module:
    """The tensors of a PyTorch module, by name; a rule takes them out one by one."""

    def __init__(self, name: str):
        self.name = name
        self.tensors: dict[str, np.ndarray] = {}
        self._taken: set[str] = set()

    def take(self, name: str) -> np.ndarray:
        if name not in self.tensors:
            raise ValueError(f"module '{self.name}' has no '{name}' but {self.describe()}")
        self._taken.add(name)
        return self.tensors[name]

    def has(self, name: str) -> bool:
        return name in self.tensors

    def begin(self) -> None:
        self._taken = {"num_batches_tracked"}

    def end(self, layer: Any) -> None:
        """ValueError where something was left over."""
        for name, value in self.tensors.items():
            if name not in self._taken:
                raise ValueError(
                    f"module '{self.name}' has a '{name}' of shape {value.shape} that "
                    f"{describe(layer)} has no place for"
                )

    def describe(self) -> str:
        return ", ".join(f"{n} {v.shape}" for n, v in self.tensors.items())


def describe(layer: Any) -> str:
    """A layer in a message."""
    return f"layer '{layer.name}' ({type(layer).__name__})"


def _kernel_and_bias(layer: Any, m: Module, kernel: Any, value: np.ndarray) -> Pairs:
    pairs: Pairs = [(kernel, value)]
    if layer.bias is not None:
        pairs.append((layer.bias, m.take("bias")))
    return pairs


def _dense(layer: Any, m: Module, rows: np.ndarray | None) -> Pairs:
    value = m.take("weight").T
    if rows is not None and value.shape[:1] == rows.shape:
        value = value[rows]
    return _kernel_and_bias(layer, m, layer.kernel, value)


def _channels_last(weight: np.ndarray) -> np.ndarray:
    """(out, in, ...) to (..., in, out); (in, out, ...) of transposed ones to (..., out, in)."""
    return weight.transpose(*range(2, weight.ndim), 1, 0) if weight.ndim > 2 else weight


def _conv(layer: Any, m: Module, rows: Any) -> Pairs:
    return _kernel_and_bias(layer, m, layer.kernel, _channels_last(m.take("weight")))


def _depthwise_kernel(kernel: Any, m: Module) -> np.ndarray:
    weight = m.take("weight")
    channels, multiplier = kernel.shape[-2:]
    if weight.ndim != kernel.ndim or weight.shape[:2] != (channels * multiplier, 1):
        return weight  # which the comparison of shapes refuses
    weight = weight.reshape(channels, multiplier, *weight.shape[2:])
    return weight.transpose(*range(2, weight.ndim), 0, 1)


def _depthwise(layer: Any, m: Module, rows: Any) -> Pairs:
    kernel = getattr(layer, "depthwise_kernel", None)
    kernel = layer.kernel if kernel is None else kernel
    return _kernel_and_bias(layer, m, kernel, _depthwise_kernel(kernel, m))


def _separable_first(layer: Any, m: Module, rows: Any) -> Pairs:
    return [(layer.depthwise_kernel, _depthwise_kernel(layer.depthwise_kernel, m))]


def _separable_second(layer: Any, m: Module, rows: Any) -> Pairs:
    return _kernel_and_bias(layer, m, layer.pointwise_kernel, _channels_last(m.take("weight")))


def _norm(layer: Any, m: Module, rows: np.ndarray | None) -> Pairs:
    names = {"gamma": "weight", "beta": "bias"}
    names |= {"moving_mean": "running_mean", "moving_variance": "running_var"}
    pairs = []
    for ours, theirs in names.items():
        variable = getattr(layer, ours, None)
        if variable is not None:
            value = m.take(theirs)
            fits = rows is not None and value.shape == rows.shape
            pairs.append((variable, value[rows] if fits else value))
    return pairs


def _rms_norm(layer: Any, m: Module, rows: Any) -> Pairs:
    return [(layer.scale, m.take("weight"))]


def _embedding(layer: Any, m: Module, rows: Any) -> Pairs:
    return [(layer.embeddings, m.take("weight"))]


def _prelu(layer: Any, m: Module, rows: Any) -> Pairs:
    value = m.take("weight")  # one a channel, or one
    if value.ndim == 1 and value.size in (1, layer.alpha.shape[-1]):
        value = np.broadcast_to(value, layer.alpha.shape)
    return [(layer.alpha, value)]


_GATES = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2), "SimpleRNN": (0,)}  # GRU: r, z, n to z, r, n


def _cell(cell: Any, m: Module, ending: str = "") -> Pairs:
    kind = type(cell).__name__.removesuffix("Cell")
    if m.has(f"weight_hr{ending}"):
        raise ValueError(f"module '{m.name}' projects its states (proj_size), which no layer does")
    if kind == "GRU" and not cell.reset_after:
        raise ValueError(f"{describe(cell)} must have reset_after=True, as PyTorch computes it")

    def gates(name: str) -> np.ndarray:
        value = m.take(name + ending)
        if len(value) != len(_GATES[kind]) * cell.units:
            raise ValueError(
                f"module '{m.name}' has a '{name}{ending}' of shape {value.shape}: "
                f"{len(_GATES[kind])} gates of {describe(cell)} are "
                f"{len(_GATES[kind]) * cell.units} rows"
            )
        parts = np.split(value, len(_GATES[kind]))
        return np.concatenate([parts[i] for i in _GATES[kind]])

    kernels = gates("weight_ih").T, gates("weight_hh").T
    pairs = list(zip((cell.kernel, cell.recurrent_kernel), kernels, strict=True))
    if cell.bias is not None:
        biases = gates("bias_ih"), gates("bias_hh")
        pairs.append((cell.bias, np.stack(biases) if kind == "GRU" else biases[0] + biases[1]))
    return pairs


def _recurrent(layer: Any, m: Module, rows: Any) -> Pairs:
    cell = getattr(layer, "cell", layer)
    return _cell(cell, m, "_l" if m.has("weight_ih_l") else "")


def _bidirectional(layer: Any, m: Module, rows: Any) -> Pairs:
    forward, backward = layer.forward_layer, layer.backward_layer
    return _cell(forward.cell, m, "_l") + _cell(backward.cell, m, "_l_reverse")


def _attention(layer: Any, m: Module, rows: Any) -> Pairs:
    heads = [layer._query_dense, layer._key_dense, layer._value_dense]
    if m.has("in_proj_weight"):
        weights = np.split(m.take("in_proj_weight"), 3)
    else:
        weights = [m.take(f"{part}_proj_weight") for part in "qkv"]
    pairs: Pairs = []
    for dense, weight in zip(heads, weights, strict=True):
        pairs.append((dense.kernel, _reshaped(weight.T, dense.kernel)))
    out = layer._output_dense
    pairs.append((out.kernel, _reshaped(m.take("out_proj.weight").T, out.kernel)))
    if out.bias is not None:
        for dense, bias in zip(heads, np.split(m.take("in_proj_bias"), 3), strict=True):
            pairs.append((dense.bias, _reshaped(bias, dense.bias)))
        pairs.append((out.bias, m.take("out_proj.bias")))
    return pairs


def _reshaped(value: np.ndarray, variable: Any) -> np.ndarray:
    return value.reshape(variable.shape) if value.size == np.prod(variable.shape) else value


Rule = Callable[[Any, Module, Any], Pairs]
RULES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(("Dense", "EinsumDense"), (_dense,)),
    **dict.fromkeys(("Conv1D", "Conv2D", "AtrousConv2D"), (_conv,)),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose"), (_conv,)),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), (_depthwise,)),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), (_separable_first, _separable_second)),
    **dict.fromkeys(("BatchNormalization", "LayerNormalization", "GroupNormalization"), (_norm,)),
    "RMSNormalization": (_rms_norm,),
    "Embedding": (_embedding,),
    "PReLU": (_prelu,),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), (_recurrent,)),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell"), (_recurrent,)),
    "Bidirectional": (_bidirectional,),
    "MultiHeadAttention": (_attention,),
}


def rules_of(layer: Any) -> tuple[Rule, ...]:
    """How the modules are taken that make up a layer; nothing for one that is not in the table."""
    for kind in type(layer).__mro__:
        if kind.__module__.startswith("minidl.") and kind.__name__ in RULES:
            return RULES[kind.__name__]
    return ()
