"""Speed of the resize2d kernels: `pytest bench/bench_resize2d.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("resize2d")
