"""SpatialDropout2D: in training, whole channels of images are dropped at random."""

from __future__ import annotations

from ._common import check_data_format
from ._spatial_dropout import SpatialDropout


class SpatialDropout2D(SpatialDropout):
    """Sets a share of the channels to 0 in training and scales the rest by 1 / (1 - rate).

    Neighbouring pixels of a feature are alike: dropping single ones takes little away.

    Args:
        rate: Share dropped, in [0, 1].
        data_format: None or `"channels_last"`.
        seed: Integer, or None for the global seed.
        name: Name of the layer.
        dtype: Dtype of the computation.
        **kwargs: `trainable`, `input_shape`.

    Call arguments:
        training: True drops; False or None passes the input through.

    Input shape: `(batch, height, width, channels)`, which the output has too.

    Raises:
        ValueError: `rate` lies outside [0, 1], or the input does not have four axes.

    Source: `keras.layers.SpatialDropout2D`; Tompson et al. 2014.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.SpatialDropout2D(0.5, seed=1)
    >>> y = layer(np.ones((4, 6, 6, 5), "float32"), training=True).numpy()
    >>> bool((y == y[:, :1, :1]).all())
    True
    """

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed, name, dtype, **kwargs)
        self.data_format = check_data_format(data_format)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}
