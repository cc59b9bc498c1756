"""Speed of the LSTM kernels: `pytest bench/bench_lstm.py`."""

from bench.family import benchmark_of

test_speed = benchmark_of("lstm")
