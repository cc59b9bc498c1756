"""Speed of the matmul kernels: `pytest bench/bench_matmul.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("matmul")
