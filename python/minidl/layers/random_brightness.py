"""RandomBrightness: in training, images become lighter or darker."""

from __future__ import annotations

import numpy as np

from .. import ops
from ._image import RandomImageLayer


class RandomBrightness(RandomImageLayer):
    """Adds one number to all pixels of an image, another for each image, in training only.

    Args:
        factor: The number as a share of the value range: a pair (lowest, highest) in [-1, 1], or
            one number for both directions.
        value_range: Lowest and highest pixel; results are cut off there. Defaults to (0, 255).
        seed: Integer, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        training: False passes images through; None, outside `fit` and `predict`, counts as True.

    Raises:
        ValueError: a factor outside [-1, 1], a value range that is no pair, or an input without
            3 or 4 axes.

    Source: `keras.layers.RandomBrightness`.

    >>> import minidl, numpy as np
    >>> lighter = minidl.layers.RandomBrightness((0.5, 0.5), value_range=(0, 1))
    >>> lighter(np.array([0.25, 0.75]).reshape(1, 1, 2, 1)).numpy().ravel()
    array([0.75, 1.  ], dtype=float32)
    """

    moves_masks = False

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.factor = self.factor_range(factor, "factor")
        if not isinstance(value_range, (list, tuple)) or len(value_range) != 2:
            raise ValueError(
                f"`value_range` must hold two numbers. Received: value_range={value_range!r}"
            )
        self.value_range = sorted(value_range)

    def choose(self, shape, training):
        low, high = self.value_range
        return self.draw((shape[0], 1, 1, 1), *self.factor) * (high - low)

    def change(self, images, choice, mask):
        shifted = images + np.asarray(choice, images.dtype)
        return ops.clip(shifted, float(self.value_range[0]), float(self.value_range[1]))

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "value_range": self.value_range}
