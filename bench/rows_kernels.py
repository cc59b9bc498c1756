"""Rows that time one kernel or one pass: matmul, pooling, normalisation, losses."""

from functools import partial

import minidl
import numpy as np
from minidl import ops

from bench import peers
from bench.peers import torch
from bench.rows import NORM_PASSES, Moves, Row, aligned, arguments, fixed, kernel, rotating
from bench.timing import Call
from tests.cases.matmul import SPEED as PRODUCTS

# Ratio to the best peer and share of the limit.
MATMUL_TARGETS = {
    "matmul 512 cubed": (1.8, 0.90),
    "matmul 1024 cubed": (1.8, 0.90),
    "matmul 2048 cubed": (1.8, 0.90),
    "matmul 256 cubed": (1.6, 0.75),
    "matmul 64x128x784": (1.6, 0.75),
    "matmul 4096x64x1152": (2.0, 0.85),
    "matmul 1x4096x4096": (1.0, 0.85),
}


def _matmul(row):
    m, k, n = PRODUCTS[row]

    def build():
        copies = 3 if m == 1 else 1
        sets = [args[:2] for args in arguments(row, "matmul", copies)]
        calls = {
            "minidl": Call(rotating(kernel("matmul"), sets)),
            "numpy": Call(rotating(np.matmul, sets)),
        }
        if torch:
            tensors = [tuple(map(torch.from_numpy, pair)) for pair in sets]
            calls["torch"] = Call(rotating(torch.mm, tensors))
        return calls

    ratio, share = MATMUL_TARGETS[row]
    if m == 1:
        traffic = 4.0 * k * n
        return Row(row, build, 2.0 * k * n, traffic, "triad", ratio, share)
    return Row(row, build, 2.0 * m * k * n, 0.0, "peak", ratio, share)


def _max_pool():
    row = "max pool 2x2 8x56x56x64"

    def build():
        (args,) = arguments(row, "max_pool2d")
        calls = {"minidl": Call(fixed(kernel("max_pool2d"), *args))}
        for name, layout in peers.formats().items():
            x = peers.images(args[0], layout)

            def run(x=x):
                with torch.no_grad():
                    return torch.nn.functional.max_pool2d(x, 2)

            calls[name] = Call(run, lambda y: [peers.images_back(y)])
        return calls

    return Row(row, build, target=1.2)


def _activation(row, name, functions):
    """An activation forward on data that the last cache holds, beside NumPy's and PyTorch's."""

    def build():
        (args,) = arguments(row, name)
        calls = {"minidl": Call(fixed(kernel(name), *args))}
        ours, theirs = functions
        if ours:
            calls["numpy"] = Call(fixed(ours, args[0]))
        if torch:
            calls["torch"] = Call(fixed(theirs(), torch.from_numpy(args[0])))
        return calls

    return Row(row, build, target=1.0)


def _activation_gradient(row, name, extra, theirs):
    """Forward and backward through the tape, on data larger than the cache."""

    def build():
        sets = arguments(row, name, 6)

        def ours(x):
            with minidl.GradientTape() as tape:
                tape.watch(x)
                y = getattr(ops, name)(x, *extra)
            return y, tape.gradient(y, x)

        calls = {"minidl": Call(rotating(ours, [(ops.convert_to_tensor(s[0]),) for s in sets]))}
        if torch:
            ones = torch.ones(sets[0][0].shape)

            def peer(x):
                y = theirs()(x)
                return y, torch.autograd.grad(y, x, ones)[0]

            tensors = [(torch.from_numpy(s[0]).requires_grad_(),) for s in sets]
            calls["torch"] = Call(
                rotating(peer, tensors), lambda out: [a.detach().numpy() for a in out]
            )
        return calls

    values = 8 * 56 * 56 * 64
    # Forward one read and one write, backward two reads (the gradient of ones too) and one write.
    moves = Moves(values, ((1, 1), (2, 1)), 6)
    return Row(f"{row} fwd+bwd", build, 0.0, 5 * 4.0 * values, "triad", 1.0, moves=moves)


ACTIVATIONS = {  # row: op, its arguments, NumPy's and PyTorch's
    "relu 8x56x56x64": ("relu", (), lambda x: np.maximum(x, np.float32(0)), lambda: torch.relu),
    "tanh 8x56x56x64": ("tanh", (), np.tanh, lambda: torch.tanh),
    "sigmoid 8x56x56x64": ("sigmoid", (), None, lambda: torch.sigmoid),
    "silu 8x56x56x64": ("silu", (), None, lambda: torch.nn.functional.silu),
    "gelu 8x56x56x64": ("gelu", (False,), None, lambda: torch.nn.functional.gelu),
    "gelu by tanh 8x56x56x64": (
        "gelu",
        (True,),
        None,
        lambda: partial(torch.nn.functional.gelu, approximate="tanh"),
    ),
}


def _batch_norm():
    row = "batch norm fwd+bwd 8x56x56x64"
    values = 8 * 56 * 56 * 64

    def build():
        sets = arguments(row, "batch_norm", 6)
        gradients = [aligned(np.roll(args[0], 1, 0)) for args in sets]

        def ours(x, gamma, beta, epsilon, dy):
            y, mean, variance = kernel("batch_norm")(x, gamma, beta, epsilon)
            grads = kernel("batch_norm_grad")(dy, x, gamma, mean, variance, epsilon)
            return y, *grads

        paired = [(*args, dy) for args, dy in zip(sets, gradients, strict=True)]
        calls = {"minidl": Call(rotating(ours, paired))}
        for name, layout in peers.formats().items():

            def theirs(x, gamma, beta, epsilon, dy):
                y, mean, scale = torch.native_batch_norm(
                    x, gamma, beta, None, None, True, 0.01, epsilon
                )
                grads = torch.ops.aten.native_batch_norm_backward(
                    dy, x, gamma, None, None, mean, scale, True, epsilon, [True, True, True]
                )
                return y, *grads

            tensors = [
                (
                    peers.images(x, layout),
                    torch.from_numpy(gamma),
                    torch.from_numpy(beta),
                    epsilon,
                    peers.images(dy, layout),
                )
                for x, gamma, beta, epsilon, dy in paired
            ]
            calls[name] = Call(
                rotating(theirs, tensors),
                lambda out: [
                    *map(peers.images_back, out[:2]),
                    *(a.numpy() for a in out[2:]),
                ],
            )
        return calls

    # Forward 2 reads and 1 write of x; backward x and dy twice, dx once.
    moves = Moves(values, NORM_PASSES, 6)
    return Row(row, build, 0.0, 8 * 4.0 * values, "triad", 2.5, 0.80, moves=moves)


def _cross_entropy(row, reads):
    """Scores and perhaps labels of 16 MB are read in the forward pass; a gradient is left."""

    def build():
        sets = arguments(row, "softmax_cross_entropy", 6)

        def ours(logits, labels):
            logits = minidl.Tensor(logits) if isinstance(logits, np.ndarray) else logits
            with minidl.GradientTape() as tape:
                tape.watch(logits)
                loss = ops.mean(ops.softmax_cross_entropy(logits, labels))
            return loss, tape.gradient(loss, logits)

        ours_sets = [(ops.convert_to_tensor(x), labels) for x, labels in sets]
        calls = {"minidl": Call(rotating(ours, ours_sets))}
        if torch:

            def theirs(logits, labels):
                loss = torch.nn.functional.cross_entropy(logits, labels)
                return loss, torch.autograd.grad(loss, logits)[0]

            tensors = [
                (torch.from_numpy(x).requires_grad_(), torch.from_numpy(labels))
                for x, labels in sets
            ]
            calls["torch"] = Call(
                rotating(theirs, tensors), lambda out: [a.detach().numpy() for a in out]
            )
        return calls

    moves = Moves(4096 * 1000, ((reads, 0), (reads, 1)), 6)
    work = (reads + 1) * 4.0 * 4096 * 1000
    return Row(row, build, 0.0, work, "triad", 2.0, 0.80, moves=moves)


ROWS = [
    *(_matmul(row) for row in PRODUCTS),
    _batch_norm(),
    _cross_entropy("softmax cross-entropy fwd+bwd 4096x1000", 1),
    _cross_entropy("dense cross-entropy fwd+bwd 4096x1000", 2),
    _max_pool(),
    *(_activation(row, f, both) for row, (f, _, *both) in ACTIVATIONS.items()),
    *(_activation_gradient(row, f, extra, t) for row, (f, extra, _, t) in ACTIVATIONS.items()),
]
