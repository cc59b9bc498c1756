"""Speed of the embedding kernels: `pytest bench/bench_embedding.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("embedding")
