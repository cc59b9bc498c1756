"""Speed of the conv2d kernels: `pytest bench/bench_conv2d.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("conv2d")
