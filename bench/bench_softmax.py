"""Speed of the softmax kernels: `pytest bench/bench_softmax.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("softmax")
