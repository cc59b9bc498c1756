"""Dropout: in training, values are dropped at random."""

from __future__ import annotations

import numpy as np

from .. import ops
from .._tape import Tensor
from ..random import SeedGenerator
from .layer import Layer


class Dropout(Layer):
    """Sets a share of the values to 0 in training and scales the rest by 1 / (1 - rate).

    Args:
        rate: Share dropped, in [0, 1].
        noise_shape: Shape of the mask, broadcast to the input; None for the input's. None
            entries take the input's size.
        seed: Integer, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Call arguments:
        training: True drops; False or None passes the input through.

    Raises:
        ValueError: `rate` lies outside [0, 1].

    Source: `keras.layers.Dropout`; Srivastava et al. 2014.

    >>> import minidl
    >>> layer = minidl.layers.Dropout(0.5, seed=1)
    >>> layer([[1.0, 2.0]]).numpy()
    array([[1., 2.]], dtype=float32)
    >>> sorted(set(layer([[1.0] * 50], training=True).numpy().ravel().tolist()))
    [0.0, 2.0]
    """

    supports_masking = True

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(f"`rate` must be a number in [0, 1]. Received: rate={rate!r}")
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        self.noise_shape = tuple(noise_shape) if noise_shape is not None else None
        self.seed_generator = SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        seed = self.seed_generator.next()
        if self.rate == 1:
            return inputs * 0.0
        if self.noise_shape is None:
            return ops.dropout(inputs, self.rate, seed)
        shape = tuple(
            n if m is None else m for n, m in zip(inputs.shape, self.noise_shape, strict=True)
        )
        mask = ops.dropout(Tensor(np.ones(shape, inputs.data.dtype)), self.rate, seed)
        return inputs * mask

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }
