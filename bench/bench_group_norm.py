"""Speed of the group_norm kernels: `pytest bench/bench_group_norm.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("group_norm")
