"""Speed of the elementwise kernels: `pytest bench/bench_elementwise.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("elementwise")
