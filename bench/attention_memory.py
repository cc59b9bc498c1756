"""Memory of attention, forward and backward, over the length of the sequence.

    python -m bench.attention_memory

For each length: the most bytes that are alive at once beyond the inputs (result, gradients and all
the kernels' scratch), how many times the size of one input that is, and what the matrix of scores
alone would take.
"""

import numpy as np
from minidl import GradientTape, Tensor, _core, ops

LENGTHS = (1024, 2048, 4096, 8192)


def most_bytes(length, heads=2, dim=32):
    """Most bytes alive during a causal forward and backward pass, beyond the inputs."""
    rng = np.random.default_rng(0)
    shape = (1, length, heads, dim)
    arrays = [Tensor(rng.standard_normal(shape).astype(np.float32)) for _ in range(3)]
    _core.release_memory()
    before = _core.allocator_stats()
    start = before["live_bytes"] + before["cached_bytes"]
    with GradientTape() as tape:
        tape.watch(arrays)
        out = ops.dot_product_attention(*arrays, is_causal=True)
    slopes = tape.gradient(out, arrays)
    stats = _core.allocator_stats()  # freed blocks are kept, so this is the peak
    assert all(slope is not None for slope in slopes)
    return stats["live_bytes"] + stats["cached_bytes"] - start


def main():
    if not _core.allocator_stats()["enabled"]:
        raise SystemExit("MINIDL_ALLOCATOR is off: nothing counts the bytes")
    heads, dim = 8, 64
    print(f"attention, {heads} heads of {dim}, float32, causal, forward and backward")
    print(f"{'length':>7} {'peak MB':>8} {'of one input':>13} {'scores MB':>10}")
    for length in LENGTHS:
        peak = most_bytes(length, heads, dim)
        one, scores = length * heads * dim * 4, heads * length * length * 4
        print(f"{length:7} {peak / 2**20:8.1f} {peak / one:12.1f}x {scores / 2**20:10.0f}")


if __name__ == "__main__":
    main()
