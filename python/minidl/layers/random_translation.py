"""RandomTranslation: in training, images are moved."""

from __future__ import annotations

from ._image import RandomGeometry, transforms


class RandomTranslation(RandomGeometry):
    """Moves each image by a way of its own, in training only.

    Args:
        height_factor: The way as a share of the height: a pair (lowest, highest) in [-1, 1], or
            one number for both directions; positive moves down.
        width_factor: The same for the width; positive moves to the right.
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

    Source: `keras.layers.RandomTranslation`.

    >>> import minidl, numpy as np
    >>> move = minidl.layers.RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant")
    >>> move(np.arange(1.0, 5.0).reshape(1, 1, 4, 1)).numpy().ravel()
    array([0., 1., 2., 3.], dtype=float32)
    """

    def __init__(
        self,
        height_factor,
        width_factor,
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
        self._width = self.factor_range(width_factor, "width_factor")

    def choose(self, shape, training):
        down = self.draw((shape[0],), *self._height) * shape[1]
        right = self.draw((shape[0],), *self._width) * shape[2]
        return transforms(1.0, 0.0, -right, 0.0, 1.0, -down)

    def get_config(self):
        return {
            **super().get_config(),
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }
