"""Speed of the layer_norm kernels: `pytest bench/bench_layer_norm.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("layer_norm")
