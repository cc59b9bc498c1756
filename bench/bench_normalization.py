"""Speed of the normalization kernels: `pytest bench/bench_normalization.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("normalization")
