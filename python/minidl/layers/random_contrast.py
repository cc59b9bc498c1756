"""RandomContrast: in training, the contrast of images changes."""

from __future__ import annotations

import numpy as np

from .. import ops
from ._image import RandomImageLayer


class RandomContrast(RandomImageLayer):
    """Moves the pixels of each image away from its mean or towards it, in training only.

    Args:
        factor: A pair (lower, upper) in [0, 1]: the distance of each pixel from the mean of its
            channel is multiplied by a number drawn from [1 - lower, 1 + upper]. As in Keras 3,
            the smaller number is the lower side, and one number alone is the upper side.
        value_range: Lowest and highest pixel; results are cut off there. Defaults to (0, 255).
        seed: Integer, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        training: False passes images through; None, outside `fit` and `predict`, counts as True.

    Raises:
        ValueError: a factor outside [0, 1], or an input without 3 or 4 axes.

    Source: `keras.layers.RandomContrast`.

    >>> import minidl, numpy as np
    >>> harder = minidl.layers.RandomContrast((0.0, 1.0), seed=1)
    >>> y = harder(np.array([10.0, 30.0]).reshape(1, 1, 2, 1)).numpy().ravel()
    >>> bool(y[0] < 10 and y[1] > 30)
    True
    """

    bounds = (0.0, 1.0)
    moves_masks = False

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        low, high = self.factor_range(factor, "factor")
        self.factor = (low or 0, high)
        self.value_range = value_range

    def choose(self, shape, training):
        low, high = self.factor
        return self.draw((shape[0], 1, 1, 1), 1.0 - low, 1.0 + high)

    def change(self, images, choice, mask):
        mean = ops.mean(images, (1, 2), keepdims=True)
        changed = (images - mean) * np.asarray(choice) + mean
        return ops.clip(changed, float(self.value_range[0]), float(self.value_range[1]))

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "value_range": self.value_range}
