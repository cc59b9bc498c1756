"""Speed of the attention kernels: `pytest bench/bench_attention.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("attention")
