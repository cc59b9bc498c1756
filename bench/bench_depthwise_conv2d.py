"""Speed of the depthwise kernels: `pytest bench/bench_depthwise_conv2d.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("depthwise_conv2d")
