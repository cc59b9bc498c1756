"""RandomFlip: in training, some images are mirrored."""

from __future__ import annotations

import numpy as np

from .. import ops
from ._image import RandomImageLayer

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(RandomImageLayer):
    """Mirrors half of the images, in training only.

    Args:
        mode: `"horizontal"` (left and right change places), `"vertical"` (top and bottom) or
            `"horizontal_and_vertical"` (both at once, as in Keras). Defaults to the last.
        seed: Integer, or None for the global seed.
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        training: False passes images through; None, outside `fit` and `predict`, counts as True.

    Raises:
        ValueError: another mode, or an input without 3 or 4 axes.

    Source: `keras.layers.RandomFlip`.

    >>> import minidl, numpy as np
    >>> x = np.arange(3.0).reshape(1, 1, 3, 1)
    >>> found = {tuple(minidl.layers.RandomFlip(seed=i)(x).numpy().ravel()) for i in range(9)}
    >>> len(found)
    2
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if mode not in _MODES:
            raise ValueError(f"`mode` must be one of {', '.join(_MODES)}. Received: mode={mode!r}")
        self.mode = mode

    def choose(self, shape, training):
        return self.draw((shape[0], 1, 1, 1), 0.0, 1.0) <= 0.5

    def change(self, images, choice, mask):
        axes = [a for a, word in ((1, "vertical"), (2, "horizontal")) if word in self.mode]
        return ops.where(np.asarray(choice), ops.flip(images, axes), images)

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
