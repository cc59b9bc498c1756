"""GaussianDropout: in training, values are multiplied by random numbers around 1."""

from __future__ import annotations

import math

from ._noise import Noise, share


class GaussianDropout(Noise):
    """Multiplies by normally distributed noise with mean 1, in training only.

    Args:
        rate: As the rate of `Dropout`, in [0, 1): the noise has the standard deviation
            sqrt(rate / (1 - rate)), which a dropout mask of that rate has too.
        seed: Integer, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Call arguments:
        training: True multiplies; False or None passes the input through.

    Raises:
        ValueError: `rate` lies outside [0, 1); at 1 the noise would be infinite.

    Source: `keras.layers.GaussianDropout`; Srivastava et al. 2014.

    >>> import minidl
    >>> minidl.layers.GaussianDropout(0.5)([[1.0, 2.0]]).numpy()
    array([[1., 2.]], dtype=float32)
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.rate = share(rate, "rate")
        if self.rate == 1:
            raise ValueError("`rate` must be less than 1: the noise would be infinite.")

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        return inputs * self._normal(inputs, 1.0, math.sqrt(self.rate / (1.0 - self.rate)))

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
