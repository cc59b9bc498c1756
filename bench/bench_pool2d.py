"""Speed of the pool2d kernels: `pytest bench/bench_pool2d.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("pool2d")
