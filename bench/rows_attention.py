"""Rows of attention and of embedding, forward and with the backward pass."""

import numpy as np

from bench.peers import torch
from bench.rows import Row, aligned, fixed, kernel
from bench.timing import Call

SHAPES = {  # batch, heads, length, dim, causal, ratio to reach, share of peak
    "attention B8 H8 S128 D64": (8, 8, 128, 64, False, 2.2, 0.70),
    "attention B1 H16 S2048 D64": (1, 16, 2048, 64, False, 2.2, 0.75),
    "attention causal B4 H8 S512": (4, 8, 512, 64, True, 2.5, 0.70),
    "attention causal B1 H8 S4096": (1, 8, 4096, 64, True, 2.5, 0.70),
}


def _attention(name, backward):
    batch, heads, length, dim, causal, target, share = SHAPES[name]
    scale = dim**-0.5

    def build():
        rng = np.random.default_rng(0)
        arrays = [
            aligned(rng.standard_normal((batch, length, heads, dim)).astype(np.float32))
            for _ in range(4)
        ]

        def ours(query, key, value, dy):
            settings = scale, causal
            run = kernel("dot_product_attention")
            out, log_sum = run(query, key, value, None, None, *settings)
            if not backward:
                return out
            grad = kernel("dot_product_attention_grad")
            return out, *grad(dy, query, key, value, None, None, out, log_sum, *settings)

        calls = {"minidl": Call(fixed(ours, *arrays))}
        if torch:
            # PyTorch's own layout is (batch, heads, time, dim).
            *inputs, dy = (torch.from_numpy(a).transpose(1, 2).contiguous() for a in arrays)

            def theirs():
                if not backward:
                    with torch.no_grad():
                        return [_scaled(*inputs, causal)]
                wanted = [x.detach().requires_grad_() for x in inputs]
                out = _scaled(*wanted, causal)
                return [out, *torch.autograd.grad(out, wanted, dy)]

            calls["torch"] = Call(
                theirs, lambda out: [x.detach().transpose(1, 2).numpy() for x in out]
            )
        return calls

    # Two products forward and five backward; of a causal matrix half counts.
    flops = (14.0 if backward else 4.0) * batch * heads * length * length * dim
    return Row(
        f"{name} {'fwd+bwd' if backward else 'fwd'}",
        build,
        flops / 2 if causal else flops,
        0.0,
        "peak",
        target,
        share,
    )


def _scaled(query, key, value, causal):
    return torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=causal)


def _embedding():
    rows, width, ids = 10_000, 512, (32, 100)

    def build():
        rng = np.random.default_rng(0)
        table = aligned(rng.standard_normal((rows, width)).astype(np.float32))
        indices = rng.integers(0, rows, ids)
        dy = aligned(rng.standard_normal((*ids, width)).astype(np.float32))

        def ours():
            out = kernel("embedding")(table, indices)
            return out, kernel("embedding_grad")(dy, indices, rows)

        calls = {"minidl": Call(ours)}
        if torch:
            weights, picks, upstream = map(torch.from_numpy, (table, indices, dy))
            weights.requires_grad_()

            def theirs():
                out = torch.nn.functional.embedding(picks, weights)
                return out, *torch.autograd.grad(out, weights, upstream)

            calls["torch"] = Call(theirs, lambda out: [x.detach().numpy() for x in out])
        return calls

    # The rows and their gradients are read and written, and the table's gradient is written.
    moved = 4.0 * width * (3 * ids[0] * ids[1] + rows)
    return Row("embedding fwd+bwd 10000x512, 3200 ids", build, 0.0, moved, "triad", 1.5)


ROWS = [
    *(_attention(name, backward) for name in SHAPES for backward in (False, True)),
    _embedding(),
]
