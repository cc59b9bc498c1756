"""SpatialDropout1D: in training, whole channels of sequences are dropped at random."""

from __future__ import annotations

from ._spatial_dropout import SpatialDropout


class SpatialDropout1D(SpatialDropout):
    """Sets a share of the channels to 0 in training and scales the rest by 1 / (1 - rate).

    Neighbouring steps of a feature are alike: dropping single ones takes little away.

    Args:
        rate: Share dropped, in [0, 1].
        seed: Integer, or None for the global seed.
        name: Name of the layer.
        dtype: Dtype of the computation.
        **kwargs: `trainable`, `input_shape`.

    Call arguments:
        training: True drops; False or None passes the input through.

    Input shape: `(batch, steps, channels)`, which the output has too.

    Raises:
        ValueError: `rate` lies outside [0, 1], or the input does not have three axes.

    Source: `keras.layers.SpatialDropout1D`; Tompson et al. 2014.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.SpatialDropout1D(0.5, seed=1)
    >>> y = layer(np.ones((4, 9, 5), "float32"), training=True).numpy()
    >>> bool((y == y[:, :1]).all())
    True
    """

    rank = 1
