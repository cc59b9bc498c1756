"""RandomZoom: in training, images are enlarged or made smaller."""

from __future__ import annotations

import numpy as np

from ._image import RandomGeometry, transforms


class RandomZoom(RandomGeometry):
    """Zooms each image by a factor of its own around its middle, in training only.

    Args:
        height_factor: A pair (lowest, highest) in [-1, 1], or one number for both directions:
            0.2 shows 20 % more of what lies above and below (smaller things), -0.2 less.
        width_factor: The same for the width; None zooms both alike, which keeps proportions.
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

    Source: `keras.layers.RandomZoom`.

    >>> import minidl, numpy as np
    >>> zoom = minidl.layers.RandomZoom((1.0, 1.0), (0.0, 0.0), fill_mode="constant")
    >>> zoom(np.ones((1, 4, 1, 1))).numpy().ravel()
    array([0., 1., 1., 0.], dtype=float32)
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
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
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._height = self.factor_range(height_factor, "height_factor")
        self._width = None
        if width_factor is not None:
            self._width = self.factor_range(width_factor, "width_factor")

    def choose(self, shape, training):
        tall = self.draw((shape[0],), 1 + self._height[0], 1 + self._height[1])
        wide = tall
        if self._width is not None:
            wide = self.draw((shape[0],), 1 + self._width[0], 1 + self._width[1])
        half = np.asarray([(shape[1] - 1) / 2, (shape[2] - 1) / 2], tall.dtype)
        return transforms(wide, 0.0, half[1] * (1 - wide), 0.0, tall, half[0] * (1 - tall))

    def get_config(self):
        return {
            **super().get_config(),
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }
