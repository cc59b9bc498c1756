"""Random initial values, deterministic under a seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import random
from ..config import floatx
from .constant_initializers import Initializer


class RandomInitializer(Initializer):
    """Base of the random ones.

    Args:
        seed: An integer, a `SeedGenerator`, or None to draw a seed now. As in Keras, an object
            seeded with an integer or None gives the same values each time it is called.

    >>> import minidl
    >>> draw = minidl.initializers.RandomNormal(seed=3)
    >>> bool((draw((4,)) == draw((4,))).all())  # a seed gives the same numbers every time
    True
    """

    def __init__(self, seed: Any = None):
        self._init_seed = seed
        if seed is None:
            seed = random.next_seed()
        elif isinstance(seed, dict):
            seed = random.SeedGenerator.from_config(seed["config"])
        elif isinstance(seed, bool) or not isinstance(
            seed, (int, np.integer, random.SeedGenerator)
        ):
            raise ValueError(
                f"`seed` must be an integer, a SeedGenerator or None. Received: seed={seed!r}"
            )
        self.seed = seed

    def get_config(self):
        seed = self._init_seed
        if isinstance(seed, random.SeedGenerator):
            seed = {
                "module": "keras.random",
                "class_name": "SeedGenerator",
                "config": seed.get_config(),
                "registered_name": None,
            }
        return {"seed": seed}


class RandomNormal(RandomInitializer):
    """Normal distribution.

    Args:
        mean: Mean. Defaults to 0.
        stddev: Standard deviation. Defaults to 0.05.
        seed: See `RandomInitializer`.

    Source: `keras.initializers.RandomNormal`.

    >>> import minidl
    >>> minidl.initializers.RandomNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    _draw = staticmethod(random.normal)

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape, dtype=None):
        return self._draw(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """Normal distribution cut off at two standard deviations.

    Args:
        mean: Mean. Defaults to 0.
        stddev: Standard deviation before the cut. Defaults to 0.05.
        seed: See `RandomInitializer`.

    Source: `keras.initializers.TruncatedNormal`.

    >>> import minidl
    >>> x = minidl.initializers.TruncatedNormal(stddev=0.1, seed=1)((1000,))
    >>> bool(abs(x).max() <= 0.2)
    True
    """

    _draw = staticmethod(random.truncated_normal)


class RandomUniform(RandomInitializer):
    """Uniform distribution.

    Args:
        minval: Lower end. Defaults to -0.05.
        maxval: Upper end, excluded. Defaults to 0.05.
        seed: See `RandomInitializer`.

    Source: `keras.initializers.RandomUniform`.

    >>> import minidl
    >>> x = minidl.initializers.RandomUniform(2.0, 3.0, seed=1)((1000,))
    >>> bool(x.min() >= 2.0 and x.max() < 3.0)
    True
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape, dtype=None):
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)

    def get_config(self):
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


def compute_fans(shape, input_axes=None, output_axes=None) -> tuple[int, int]:
    """Inputs and outputs of one unit, from a weight's shape (HWIO for convolutions).

    >>> compute_fans((3, 3, 16, 32))
    (144, 288)
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        fans = (math.prod(shape[a] for a in axes) for axes in (input_axes, output_axes))
        return tuple(int(f) for f in fans)  # type: ignore[return-value]
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    field = math.prod(shape[:-2])
    return int(shape[-2] * field), int(shape[-1] * field)


class VarianceScaling(RandomInitializer):
    """Variance `scale / n`, where n counts the inputs or outputs of one unit.

    Args:
        scale: Positive factor. Defaults to 1.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`.
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        seed: See `RandomInitializer`.
        input_axes: Axes that count as inputs; None for Keras's convention.
        output_axes: Axes that count as outputs.

    Raises:
        ValueError: a wrong scale, mode or distribution.

    Source: `keras.initializers.VarianceScaling`; Glorot and Bengio 2010; He et al. 2015.

    >>> import minidl
    >>> w = minidl.initializers.VarianceScaling(2.0, seed=0)((100, 50))
    >>> bool(abs(w.std() - (2 / 100) ** 0.5) < 0.005)
    True
    """

    _modes = ("fan_in", "fan_out", "fan_avg")
    _distributions = ("uniform", "truncated_normal", "untruncated_normal")

    def __init__(
        self,
        scale=1.0,
        mode="fan_in",
        distribution="truncated_normal",
        seed=None,
        input_axes=None,
        output_axes=None,
    ):
        if not scale > 0.0:
            raise ValueError(f"`scale` must be positive. Received: scale={scale}")
        if mode not in self._modes:
            raise ValueError(f"`mode` must be one of {self._modes}. Received: mode={mode!r}")
        distribution = distribution.lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in self._distributions:
            raise ValueError(
                f"`distribution` must be one of {self._distributions}. "
                f"Received: distribution={distribution!r}"
            )
        super().__init__(seed)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        scale = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * scale)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(scale), dtype, self.seed)
        # 0.8796... is the standard deviation of a unit normal cut off at +-2
        stddev = math.sqrt(scale) / 0.87962566103423978
        return random.truncated_normal(shape, 0.0, stddev, dtype, self.seed)

    def get_config(self):
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Preset(VarianceScaling):
    """A VarianceScaling whose scale, mode and distribution are fixed by its class."""

    _preset: tuple[float, str, str] = (1.0, "fan_in", "truncated_normal")

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(*self._preset, seed, input_axes, output_axes)

    def get_config(self):
        config = super().get_config()
        for key in ("scale", "mode", "distribution"):
            del config[key]
        return config


class GlorotUniform(_Preset):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)). Source: `keras.initializers.GlorotUniform`.

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `VarianceScaling`.
        output_axes: See `VarianceScaling`.

    >>> import minidl
    >>> bool(abs(minidl.initializers.GlorotUniform(seed=1)((3, 3))).max() <= 1.0)
    True
    """

    _preset = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Truncated normal, variance 2 / (fan_in + fan_out). Source: Keras's `GlorotNormal`.

    >>> import minidl
    >>> w = minidl.initializers.GlorotNormal(seed=1)((256, 128))
    >>> bool(abs(w.var() / (2 / (256 + 128)) - 1) < 0.05)
    True
    """

    _preset = (1.0, "fan_avg", "truncated_normal")


class LecunNormal(_Preset):
    """Truncated normal, variance 1 / fan_in. Source: Keras's `LecunNormal`.

    >>> import minidl
    >>> w = minidl.initializers.LecunNormal(seed=1)((256, 128))
    >>> bool(abs(w.var() / (1 / 256) - 1) < 0.05)
    True
    """

    _preset = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Preset):
    """Uniform in +-sqrt(3 / fan_in). Source: Keras's `LecunUniform`.

    >>> import minidl
    >>> w = minidl.initializers.LecunUniform(seed=1)((256, 128))
    >>> bool(abs(w.var() / (1 / 256) - 1) < 0.05)
    True
    """

    _preset = (1.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Truncated normal, variance 2 / fan_in. Source: Keras's `HeNormal`.

    >>> import minidl
    >>> w = minidl.initializers.HeNormal(seed=1)((256, 128))
    >>> bool(abs(w.var() / (2 / 256) - 1) < 0.05)
    True
    """

    _preset = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Preset):
    """Uniform in +-sqrt(6 / fan_in). Source: Keras's `HeUniform`.

    >>> import minidl
    >>> w = minidl.initializers.HeUniform(seed=1)((256, 128))
    >>> bool(abs(w.var() / (2 / 256) - 1) < 0.05)
    True
    """

    _preset = (2.0, "fan_in", "uniform")


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns.

    Args:
        gain: Factor. Defaults to 1.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: the shape asked for has fewer than two dimensions.

    Source: `keras.initializers.Orthogonal`; Saxe et al. 2014.

    >>> import minidl
    >>> q = minidl.initializers.Orthogonal(seed=1)((3, 3))
    >>> (q @ q.T).round(3) + 0.0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs two dimensions or more. Received: shape={shape}")
        dtype = np.dtype(dtype or floatx())
        rows, cols = math.prod(shape[:-1]), shape[-1]
        a = random.normal((max(rows, cols), min(rows, cols)), dtype=dtype, seed=self.seed)
        q, r = np.linalg.qr(a)
        q = q * np.sign(np.diag(r))  # makes the distribution uniform
        return (dtype.type(self.gain) * (q.T if rows < cols else q)).reshape(shape)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}
