"""Speed of the batch_norm kernels: `pytest bench/bench_batch_norm.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("batch_norm")
