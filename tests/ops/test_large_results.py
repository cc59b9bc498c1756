"""Results too large for the caches are written past them: the same values come out."""

import numpy as np
import pytest
from minidl import _core

BYTES = 17 << 20  # the kernels' own bound is half of the last-level cache, at most 16 MiB


@pytest.mark.parametrize("channels", [64, 48, 40])
def test_depthwise_conv2d(channels):
    rng = np.random.default_rng(channels)
    side = int((BYTES / 4 / channels) ** 0.5) + 1
    x = rng.integers(-4, 5, (1, side, side, channels)).astype("float32")
    kernel = rng.integers(-4, 5, (3, 3, channels, 1)).astype("float32")
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    wanted = sum(
        padded[:, i : i + side, j : j + side] * kernel[i, j, :, 0]
        for i in range(3)
        for j in range(3)
    )
    window = (1, 1), (1, 1, 1, 1), (1, 1)
    got = _core.depthwise_conv2d(x, kernel, None, *window, "linear", None)
    assert np.array_equal(got, wanted)
    flipped = np.ascontiguousarray(kernel[::-1, ::-1])
    assert np.array_equal(_core.depthwise_conv2d_input_grad(x, flipped, x.shape, *window), wanted)
