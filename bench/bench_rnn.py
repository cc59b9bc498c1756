"""Speed of the simple recurrent kernels: `pytest bench/bench_rnn.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("rnn")
