"""GaussianNoise: in training, random numbers are added."""

from __future__ import annotations

from ._noise import Noise, share


class GaussianNoise(Noise):
    """Adds normally distributed noise with mean 0, in training only.

    Args:
        stddev: Standard deviation of the noise, in [0, 1].
        seed: Integer, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Call arguments:
        training: True adds noise; False or None passes the input through.

    Raises:
        ValueError: `stddev` lies outside [0, 1].

    Source: `keras.layers.GaussianNoise`.

    >>> import minidl
    >>> layer = minidl.layers.GaussianNoise(0.1, seed=1)
    >>> layer([[1.0, 2.0]]).numpy()
    array([[1., 2.]], dtype=float32)
    >>> bool((layer([[1.0, 2.0]], training=True).numpy() != [[1.0, 2.0]]).all())
    True
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.stddev = share(stddev, "stddev")

    def call(self, inputs, training=False):
        if not training or self.stddev == 0:
            return inputs
        return inputs + self._normal(inputs, 0.0, self.stddev)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
