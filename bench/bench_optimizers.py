"""Speed of the optimizers kernels: `pytest bench/bench_optimizers.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("optimizers")
