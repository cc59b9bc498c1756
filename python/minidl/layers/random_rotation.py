"""RandomRotation: in training, images are turned."""

from __future__ import annotations

import numpy as np

from ._image import RandomGeometry, transforms


class RandomRotation(RandomGeometry):
    """Turns each image by an angle of its own, in training only.

    Args:
        factor: The angle as a share of a full turn: a pair (lowest, highest) in [-1, 1], or one
            number for both directions; positive turns counter-clockwise.
        fill_mode: What comes in from outside: `"reflect"`, `"wrap"`, `"constant"` or
            `"nearest"`. Defaults to `"reflect"`.
        interpolation: `"bilinear"` or `"nearest"`. Defaults to `"bilinear"`.
        seed: Integer, or None for the global seed.
        fill_value: The value outside with `"constant"`. Defaults to 0.
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        training: False passes images through; None, outside `fit` and `predict`, counts as True.

    Raises:
        ValueError: a factor outside [-1, 1], another mode, or an input without 3 or 4 axes.

    Source: `keras.layers.RandomRotation`.

    >>> import minidl, numpy as np
    >>> turn = minidl.layers.RandomRotation((0.5, 0.5))
    >>> turn(np.arange(4.0).reshape(1, 2, 2, 1)).numpy().ravel().round(3)
    array([3., 2., 1., 0.], dtype=float32)
    """

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(
            fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs
        )
        self.factor = self.factor_range(factor, "factor")

    def choose(self, shape, training):
        low, high = self.factor
        angle = self.draw((shape[0],), 2 * np.pi * low, 2 * np.pi * high)
        x, y = (shape[2] - 1) / 2, (shape[1] - 1) / 2
        cos, sin = np.cos(angle), np.sin(angle)
        return transforms(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
