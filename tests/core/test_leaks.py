"""Ten thousand training steps need no more memory than a thousand."""

from tests.processes import output_of

TRAINING = """
    import gc
    import numpy as np
    import minidl
    from minidl import _core, ops

    rng = np.random.default_rng(0)
    x = rng.standard_normal((16, 6, 6, 2)).astype(np.float32)
    labels = rng.integers(0, 3, 16)
    def weights(*shape):
        return minidl.Variable(0.1 * rng.standard_normal(shape).astype(np.float32))
    filters, kernel, bias = weights(3, 3, 2, 4), weights(16, 3), weights(3)
    variables = [filters, kernel, bias]
    optimizer = minidl.optimizers.Adam(1e-3)

    def step(fail=False):
        with minidl.GradientTape() as tape:
            h = ops.max_pool(ops.relu(ops.conv2d(x, filters)), 2)
            logits = ops.dense(ops.reshape(h, (16, 16)), kernel, bias)
            loss = ops.mean(ops.softmax_cross_entropy(logits, labels))
            if fail:
                try:
                    ops.matmul(loss, kernel)
                except (TypeError, ValueError):
                    return
                raise AssertionError("matmul took a scalar")
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))

    def resident():
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * 4096

    gc.disable()  # nothing may lean on the collector
    for _ in range(1000):
        step()
        step(fail=True)
    live, before = _core.allocator_stats()["live_bytes"], resident()
    for i in range(10_000):
        step(fail=i % 10 == 0)
    grown = resident() - before
    print(_core.allocator_stats()["live_bytes"] - live, grown)
"""


def test_training_does_not_grow():
    live, resident = map(int, output_of(TRAINING, timeout=180, MINIDL_NUM_THREADS="2").split())
    assert live == 0, f"{live} bytes of arrays were never freed"
    assert resident <= 2**20, f"{resident} bytes more after 10,000 steps"
