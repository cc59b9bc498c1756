"""A functional or Sequential model of ours as a PyTorch module with the same weights.

The module runs PyTorch's own layers in the order of our graph, so that both sides of a row have one
architecture, written once.
"""

from types import SimpleNamespace

import numpy as np
from minidl import layers
from minidl.models._graph import Graph

from bench import rows_sequences
from bench.peers import torch


def network(model, memory_format):
    """The module for any model of `bench.whole`; it takes the inputs of the model."""
    kinds = {type(layer) for layer in model.layers}
    if layers.LSTM in kinds:
        return rows_sequences.their_lstm(model)
    if layers.MultiHeadAttention in kinds:
        norms = [x for x in model.layers if type(x) is layers.LayerNormalization]
        assert len(norms) == 2, "the encoder of bench.whole has two"
        named = {n: model.get_layer(n) for n in ("tokens", "attention", "inner", "outer", "logits")}
        parts = SimpleNamespace(**named, positions=model.get_layer("places"))
        return rows_sequences.their_encoder(parts)
    return module(model, memory_format)


PLAIN = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh"}


def module(model, memory_format):
    """The module for a model of images (height, width, channels) or of vectors."""
    graph = Graph(list(model.inputs), list(model.outputs))
    nn = torch.nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList()
            self.steps = []
            for node in graph.nodes:
                if not node.is_input:
                    inputs = [id(x) for x in node.input_tensors]
                    self.steps.append((_part(node, self.parts), inputs, id(node.outputs[0])))
            self.start, self.end = id(graph.inputs[0]), id(graph.outputs[0])
            last = {key: i for i, (_, inputs, _) in enumerate(self.steps) for key in inputs}
            self.done = [[k for k, at in last.items() if at == i] for i in range(len(self.steps))]

        def forward(self, x):
            values = {self.start: x}
            for (step, inputs, output), done in zip(self.steps, self.done, strict=True):
                values[output] = step(*[values[key] for key in inputs])
                for key in done:
                    del values[key]
            return values[self.end]

    return Network().to(memory_format=memory_format)


def _part(node, parts):
    """The function of one call; modules with weights go to `parts`."""
    layer, nn, f = node.operation, torch.nn, torch.nn.functional
    weights = [torch.from_numpy(np.array(w)) for w in layer.get_weights()]
    kind = type(layer)
    if kind in (layers.Conv2D, layers.Conv2DTranspose):
        return _convolution(node, layer, weights, parts)
    if kind is layers.BatchNormalization:
        channels = node.outputs[0].shape[-1]
        norm = nn.BatchNorm2d(channels, eps=layer.epsilon, momentum=1 - layer.momentum)
        names = iter(weights)
        with torch.no_grad():
            if layer.scale:
                norm.weight.copy_(next(names))
            if layer.center:
                norm.bias.copy_(next(names))
            norm.running_mean.copy_(next(names))
            norm.running_var.copy_(next(names))
        norm.weight.requires_grad_(layer.scale)
        parts.append(norm)
        return norm
    if kind is layers.Dense:
        linear = nn.Linear(*weights[0].shape)
        with torch.no_grad():
            linear.weight.copy_(weights[0].T)
            linear.bias.copy_(weights[1])
        parts.append(linear)
        return _then(linear, layer.activation)
    if kind in (layers.ReLU, layers.Activation):
        function = "relu" if kind is layers.ReLU else layer.activation.__name__
        return getattr(torch, PLAIN[function])
    if kind is layers.ZeroPadding2D:
        (top, bottom), (left, right) = layer.padding
        return lambda x: f.pad(x, (left, right, top, bottom))
    if kind in (layers.MaxPooling2D, layers.AveragePooling2D):
        pads = _same(layer.pool_size, layer.strides, (1, 1), node) if layer.padding == "same" else 0
        if pads:
            assert pads[0] == pads[1] and pads[2] == pads[3], "PyTorch pads both sides alike"
            pads = (pads[2], pads[0])
        if kind is layers.MaxPooling2D:
            return lambda x: f.max_pool2d(x, layer.pool_size, layer.strides, pads)
        return lambda x: f.avg_pool2d(
            x, layer.pool_size, layer.strides, pads, count_include_pad=False
        )
    if kind is layers.GlobalAveragePooling2D:
        return lambda x: x.mean((2, 3))
    if kind is layers.Add:
        return lambda a, b: a + b
    if kind is layers.Concatenate:
        return lambda *xs: torch.cat(xs, 1)
    if kind is layers.Flatten:  # our rows are (height, width, channel)
        return lambda x: (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).reshape(len(x), -1)
    if kind is layers.Reshape:
        height, width, channels = node.outputs[0].shape[1:]
        return lambda x: x.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
    raise TypeError(f"{layer} has no counterpart here; write one")


def _convolution(node, layer, weights, parts):
    nn, f = torch.nn, torch.nn.functional
    kernel = weights[0].permute(3, 2, 0, 1)
    out, into = kernel.shape[:2]
    size, strides, bias = layer.kernel_size, layer.strides, layer.use_bias
    pads = (0, 0, 0, 0)
    if type(layer) is layers.Conv2DTranspose:
        assert layer.padding == "same"
        assert all((k - s) % 2 == 0 for k, s in zip(size, strides, strict=True))
        pad = tuple((k - s) // 2 for k, s in zip(size, strides, strict=True))
        conv = nn.ConvTranspose2d(out, into, size, strides, pad, bias=bias)  # (in, out, kh, kw)
    else:
        if layer.padding == "same":
            pads = _same(size, strides, layer.dilation_rate, node)
        even = pads[0] == pads[1] and pads[2] == pads[3]
        pad = (pads[2], pads[0]) if even else 0
        pads = (0, 0, 0, 0) if even else pads
        conv = nn.Conv2d(into, out, size, strides, pad, layer.dilation_rate, bias=bias)
    with torch.no_grad():
        conv.weight.copy_(kernel)
        if bias:
            conv.bias.copy_(weights[1])
    parts.append(conv)
    first = (lambda x: conv(f.pad(x, pads))) if any(pads) else conv
    return _then(first, layer.activation)


def _then(function, activation):
    name = activation.__name__
    if name in ("linear", "softmax"):  # the loss works on scores
        return function
    return lambda x: getattr(torch, PLAIN[name])(function(x))


def _same(size, strides, dilation, node):
    """Left, right, top, bottom of "same" padding."""
    pads = []
    for axis in (1, 0):
        n = node.input_tensors[0].shape[1 + axis]
        reach = (size[axis] - 1) * dilation[axis] + 1
        total = max(0, (-(-n // strides[axis]) - 1) * strides[axis] + reach - n)
        pads += [total // 2, total - total // 2]
    return tuple(pads)
