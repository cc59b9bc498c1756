"""Rows that time convolutions: plain, atrous, depthwise, transposed."""

import numpy as np
from minidl import ops

from bench import peers
from bench.peers import torch
from bench.rows import Moves, Row, aligned, arguments, fixed, kernel
from bench.timing import Call
from tests.cases.conv2d import SPEED as CONVOLUTIONS
from tests.cases.depthwise_conv2d import SPEED as DEPTHWISE

ALL = CONVOLUTIONS | DEPTHWISE
CONV_TARGETS = {  # forward, gradients
    "conv 3x3 64ch 8x56x56": ((1.0, 0.94), (1.1, 0.88)),
    "conv 3x3 256ch 8x14x14": ((1.0, 0.94), (1.05, 0.88)),
    "conv 1x1 512->128 8x28x28": ((1.0, 0.90), (1.2, 0.90)),
    "stem 7x7 s2 3->64 8x224x224": ((1.0, 0.85), (3.0, 0.75)),
    "conv 3x3 1->32 64x28x28": ((1.5, 0.0), (4.0, 0.0)),
    "atrous d2 64ch 8x56x56": ((1.0, 0.94), (1.15, 0.88)),
    "atrous d6 256ch 4x32x32": ((1.0, 0.0), (1.1, 0.0)),
    "depthwise 3x3 64ch 8x112x112": ((1.2, 0.85), (1.5, 0.0)),
    "depthwise 3x3 512ch 8x14x14": ((1.2, 0.0), (1.3, 0.0)),
    "depthwise atrous d2 256ch 8x28x28": ((1.0, 0.0), (15.0, 0.0)),
}


def _kernel_of(row):
    return "depthwise_conv2d" if row in DEPTHWISE else "conv2d"


def _grouped(row, weights):
    """A depthwise kernel as the filter of a convolution with one group a channel."""
    return weights.reshape(*weights.shape[:2], 1, -1) if row in DEPTHWISE else weights


def _limit(row, conv, gradients):
    """Work, limit and moves; depthwise rows are bound by memory."""
    if row not in DEPTHWISE:
        return {"flops": (1 + gradients) * conv.flops(), "limit": "peak"}
    values = int(np.prod(conv.x))
    work = (1 + gradients) * 4.0 * (values + np.prod(conv.out_shape()))
    passes = ((1, 1), (2, 0)) if gradients else ((1, 1),)
    return {"bytes": work, "limit": "triad", "moves": Moves(values, passes)}


def _conv_forward(row):
    conv = ALL[row]
    name = _kernel_of(row)
    _, pad, dilation, groups = conv.settings()

    def build():
        (args,) = arguments(f"{row} fwd", name)
        x, weights, bias = args[:3]
        calls = {"minidl": Call(fixed(kernel(name), *args))}
        for peer, layout in peers.formats().items():
            filters = peers.filters(_grouped(row, weights), layout)
            inputs = peers.images(x, layout), filters, torch.from_numpy(bias)

            def run(inputs=inputs):
                with torch.no_grad():
                    return torch.conv2d(*inputs, conv.strides, pad[::2], dilation, groups)

            calls[peer] = Call(run, lambda y: [peers.images_back(y)])
        return calls

    ratio, share = CONV_TARGETS[row][0]
    return Row(f"{row} fwd", build, target=ratio, share=share, **_limit(row, conv, 0))


def _conv_gradients(row):
    conv = ALL[row]
    name = _kernel_of(row)
    strides, pad, dilation, groups = conv.settings()

    def build():
        (into_input,) = arguments(f"{row} grads", f"{name}_input_grad")
        (into_filter,) = arguments(f"{row} grads", f"{name}_filter_grad")
        x, weights, dy = into_filter[0], into_input[1], into_input[0]
        into_filter = (x, dy, *into_filter[2:])

        def ours():
            dx = kernel(f"{name}_input_grad")(*into_input)
            return dx, kernel(f"{name}_filter_grad")(*into_filter)

        calls = {"minidl": Call(ours)}
        for peer, layout in peers.formats().items():
            tensors = (
                peers.images(dy, layout),
                peers.images(x, layout),
                peers.filters(_grouped(row, weights), layout),
            )
            rest = None, strides, pad[::2], dilation, False, [0, 0], groups, [True, True, False]
            calls[peer] = Call(
                fixed(torch.ops.aten.convolution_backward, *tensors, *rest),
                lambda out: [
                    peers.images_back(out[0]),
                    np.reshape(peers.filters_back(out[1]), weights.shape),
                ],
            )
        return calls

    ratio, share = CONV_TARGETS[row][1]
    return Row(f"{row} grads", build, target=ratio, share=share, **_limit(row, conv, 1))


def _transposed():
    row = "transposed conv k4 s2 128ch 64x7x7"

    def build():
        rng = np.random.default_rng(0)
        x = aligned(rng.standard_normal((64, 7, 7, 128), np.float32))
        weights = aligned(rng.standard_normal((4, 4, 128, 128), np.float32))
        calls = {"minidl": Call(fixed(ops.conv_transpose, x, weights, 2, "same"))}
        for name, layout in peers.formats().items():
            # Keras's (height, width, out, in), as a filter, is PyTorch's (in, out, height, width).
            tensors = peers.images(x, layout), peers.filters(weights, layout)

            def run(tensors=tensors):
                with torch.no_grad():
                    return torch.conv_transpose2d(*tensors, stride=2, padding=1)

            calls[name] = Call(run, lambda y: [peers.images_back(y)])
        return calls

    return Row(row, build, 2.0 * 64 * 7 * 7 * 16 * 128 * 128, 0.0, "peak", 1.3, 0.85)


ROWS = [
    *(make(row) for row in ALL for make in (_conv_forward, _conv_gradients)),
    _transposed(),
]
