"""Speed of the GRU kernels: `pytest bench/bench_gru.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("gru")
