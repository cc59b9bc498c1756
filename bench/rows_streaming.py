"""Rows whose limit is memory: normalisation and pooling, forward and backward, and momentum SGD."""

import minidl
import numpy as np

from bench import peers
from bench.peers import torch
from bench.rows import NORM_PASSES, Moves, Row, aligned, arguments, fixed, kernel, rotating
from bench.timing import Call


def _norm(name, row, values, theirs, target):
    """Layer or RMS normalisation: forward 1 read and 1 write of x, backward 2 reads and 1 write."""

    def build():
        sets = arguments(row, name, 4)
        paired = [(*args, aligned(np.roll(args[0], 1, 0))) for args in sets]

        def ours(*args):
            *weights, epsilon, dy = args
            y, *statistics = kernel(name)(*weights, epsilon)
            return y, *kernel(f"{name}_grad")(dy, *weights[:2], *statistics)

        calls = {"minidl": Call(rotating(ours, paired))}
        if torch:
            tensors = [
                [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in args]
                for args in paired
            ]
            calls["torch"] = Call(
                rotating(theirs, tensors), lambda out: [a.detach().numpy() for a in out]
            )
        return calls

    moves = Moves(values, ((1, 1), (2, 1)), 4)
    return Row(row, build, 0.0, 5 * 4.0 * values, "triad", target, 0.80, moves=moves)


def _layer_norm_of_torch(x, gamma, beta, epsilon, dy):
    y, mean, scale = torch.native_layer_norm(x, gamma.shape, gamma, beta, epsilon)
    grads = torch.ops.aten.native_layer_norm_backward(
        dy, x, gamma.shape, mean, scale, gamma, beta, [True, True, True]
    )
    return y, *grads


def _rms_norm_of_torch(x, gamma, epsilon, dy):
    x, gamma = x.detach().requires_grad_(), gamma.detach().requires_grad_()
    y = torch.nn.functional.rms_norm(x, gamma.shape, gamma, epsilon)
    return y, *torch.autograd.grad(y, (x, gamma), dy)


def _group_norm():
    row = "group norm fwd+bwd 8x56x56x64"

    def build():
        sets = arguments(row, "group_norm", 6)
        paired = [(*args, aligned(np.roll(args[0], 1, 0))) for args in sets]

        def ours(x, gamma, beta, groups, epsilon, dy):
            y, mean, scale = kernel("group_norm")(x, gamma, beta, groups, epsilon)
            return y, *kernel("group_norm_grad")(dy, x, gamma, mean, scale)

        calls = {"minidl": Call(rotating(ours, paired))}
        for name, layout in peers.formats().items():

            def theirs(x, gamma, beta, groups, epsilon, dy):
                sizes = x.shape[0], x.shape[1], x.shape[2] * x.shape[3]
                y, mean, scale = torch.native_group_norm(x, gamma, beta, *sizes, groups, epsilon)
                grads = torch.ops.aten.native_group_norm_backward(
                    dy, x, mean, scale, gamma, *sizes, groups, [True, True, True]
                )
                return y, *grads

            tensors = [
                (
                    peers.images(x, layout),
                    torch.from_numpy(gamma),
                    torch.from_numpy(beta),
                    groups,
                    epsilon,
                    peers.images(dy, layout),
                )
                for x, gamma, beta, groups, epsilon, dy in paired
            ]
            calls[name] = Call(
                rotating(theirs, tensors),
                lambda out: [*map(peers.images_back, out[:2]), *(a.numpy() for a in out[2:])],
            )
        return calls

    # As batch norm: the backward pass reads x and dy twice.
    values = 8 * 56 * 56 * 64
    moves = Moves(values, NORM_PASSES, 6)
    return Row(row, build, 0.0, 8 * 4.0 * values, "triad", 1.5, 0.80, moves=moves)


POOLS = {  # input, pool_size, strides, padding on every side
    "pool 2x2 8x56x56x64 fwd+bwd": ((8, 56, 56, 64), 2, 2, 0),
    "pool 3x3 s2 8x112x112x64 fwd+bwd": ((8, 112, 112, 64), 3, 2, 1),
    "pool 3x3 s1 8x28x28x256 fwd+bwd": ((8, 28, 28, 256), 3, 1, 1),
}


def _pool(kind, name):
    shape, size, stride, pad = POOLS[name]
    settings = (size, size), (stride, stride), (pad, pad, pad, pad)

    def build():
        rng = np.random.default_rng(0)
        x = aligned(rng.standard_normal(shape).astype(np.float32))
        y = kernel(f"{kind}_pool2d")(x, *settings)
        dy = aligned(rng.standard_normal(y.shape).astype(np.float32))

        def ours():
            y = kernel(f"{kind}_pool2d")(x, *settings)
            if kind == "max":
                return y, kernel("max_pool2d_grad")(dy, x, y, *settings)
            return y, kernel("average_pool2d_grad")(dy, shape, *settings)

        calls = {"minidl": Call(ours)}
        for format_name, layout in peers.formats().items():
            images, gradient = peers.images(x, layout), peers.images(dy, layout)

            def theirs(images=images, gradient=gradient):
                images = images.detach().requires_grad_()
                if kind == "max":
                    y = torch.nn.functional.max_pool2d(images, size, stride, pad)
                else:
                    y = torch.nn.functional.avg_pool2d(
                        images, size, stride, pad, count_include_pad=False
                    )
                return y, *torch.autograd.grad(y, images, gradient)

            calls[format_name] = Call(theirs, lambda out: [peers.images_back(a) for a in out])
        return calls

    return Row(f"{kind} {name}", build, target=1.2)


def _sgd():
    row = "SGD with momentum 10 M parameters"

    def build():
        rng = np.random.default_rng(0)
        weights, gradients = (
            [aligned(rng.standard_normal((1000, 1000), np.float32)) for _ in range(10)]
            for _ in range(2)
        )
        variables = [minidl.Variable(w) for w in weights]
        optimizer = minidl.optimizers.SGD(1e-3, momentum=0.9)
        pairs = list(zip(gradients, variables, strict=True))

        def ours():
            optimizer.apply_gradients(pairs)

        # Reading a Variable copies it: that is no part of a step.
        calls = {"minidl": Call(ours, lambda _: [v.numpy() for v in variables])}
        if torch:
            parameters = [torch.nn.Parameter(torch.from_numpy(w.copy())) for w in weights]
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = torch.from_numpy(gradient)
            fused = torch.optim.SGD(parameters, 1e-3, momentum=0.9, fused=True)

            def theirs():
                fused.step()

            calls["torch fused"] = Call(theirs, lambda _: [p.detach().numpy() for p in parameters])
        return calls

    # Reads weights, gradients and velocities; writes weights and velocities.
    return Row(row, build, 0.0, 5 * 4.0 * 10e6, "triad", 1.0, 0.85)


def _few_channels():
    row = "batch norm fwd+bwd 8x112x112x3"
    values = 8 * 112 * 112 * 3

    def build():
        rng = np.random.default_rng(0)
        x, dy = (aligned(rng.standard_normal((8, 112, 112, 3), np.float32)) for _ in range(2))
        gamma, beta = (rng.standard_normal(3, np.float32) for _ in range(2))

        def ours():
            y, mean, variance = kernel("batch_norm")(x, gamma, beta, 1e-3)
            return y, *kernel("batch_norm_grad")(dy, x, gamma, mean, variance, 1e-3)

        calls = {"minidl": Call(ours)}
        for name, layout in peers.formats().items():
            args = peers.images(x, layout), torch.from_numpy(gamma), torch.from_numpy(beta)
            gradient = peers.images(dy, layout)

            def theirs(x, gamma, beta, dy):
                y, mean, scale = torch.native_batch_norm(
                    x, gamma, beta, None, None, True, 0.01, 1e-3
                )
                grads = torch.ops.aten.native_batch_norm_backward(
                    dy, x, gamma, None, None, mean, scale, True, 1e-3, [True, True, True]
                )
                return y, *grads

            calls[name] = Call(
                fixed(theirs, *args, gradient),
                lambda out: [*map(peers.images_back, out[:2]), *(a.numpy() for a in out[2:])],
            )
        return calls

    moves = Moves(values, NORM_PASSES)
    return Row(row, build, 0.0, 8 * 4.0 * values, "triad", 1.5, moves=moves)


def _wide_sum():
    def build():
        rng = np.random.default_rng(0)
        sets = [(aligned(rng.standard_normal((4, 1_000_000), np.float32)),) for _ in range(6)]
        calls = {
            "minidl": Call(rotating(lambda x: kernel("sum")(x, (0,), False), sets)),
            "numpy": Call(rotating(lambda x: x.sum(0), sets)),
        }
        if torch:
            tensors = [(torch.from_numpy(x),) for (x,) in sets]
            calls["torch"] = Call(rotating(lambda x: x.sum(0), tensors))
        return calls

    return Row("sum of 4x1M over axis 0", build, 0.0, 5 * 4.0 * 1e6, "triad", 1.0, 0.70)


ROWS = [
    _norm(
        "layer_norm",
        "layer norm fwd+bwd 64x128x512",
        64 * 128 * 512,
        _layer_norm_of_torch,
        1.5,
    ),
    _norm("rms_norm", "rms norm fwd+bwd 64x128x512", 64 * 128 * 512, _rms_norm_of_torch, 1.5),
    _group_norm(),
    _few_channels(),
    *(_pool(kind, name) for name in POOLS for kind in ("max", "average")),
    _wide_sum(),
    _sgd(),
]
