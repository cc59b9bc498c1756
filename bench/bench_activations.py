"""Speed of the activations kernels: `pytest bench/bench_activations.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("activations")
