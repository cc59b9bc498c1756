"""Resizing small integers by factors whose weights are parts of a power of two: no error at all."""

import numpy as np
import pytest

from tests.ops.random_windows import pick
from tests.ops.test_integer_exact import check, guarded
from tests.references import resize2d as reference


@pytest.mark.parametrize("seed", range(10))
def test_resizing(seed):
    rng = np.random.default_rng([4, seed])
    for _ in range(40):
        channels = int(pick(rng, *rng.integers(1, 71, 2), 1, 3, 16, 32))
        shape = (int(rng.integers(1, 3)), *map(int, rng.integers(1, 9, 2)), channels)
        dtype = pick(rng, np.float32, np.float32, np.float64)
        how = str(pick(rng, "nearest", "bilinear"))
        factors = (1, 2, 4) if how == "bilinear" else (1, 2, 3, 5)
        size = tuple(n * int(pick(rng, *factors)) for n in shape[1:3])
        if how == "nearest" and rng.integers(2):
            size = tuple(map(int, rng.integers(1, 12, 2)))
        x, dy = guarded(rng, dtype, *shape), guarded(rng, dtype, shape[0], *size, shape[3])
        check("resize2d", reference.resize2d(x, size, how), x, size, how)
        check("resize2d_grad", reference.resize2d_grad(dy, shape, how), dy, shape, how)
