"""Speed of the reduce kernels: `pytest bench/bench_reduce.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("reduce")
