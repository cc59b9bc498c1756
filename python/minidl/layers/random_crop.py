"""RandomCrop: in training, a part of images at random."""

from __future__ import annotations

from .. import ops
from ..ops.image import aspect_crop
from ..random import next_seed
from ._image import RandomImageLayer, SizedImageLayer


class RandomCrop(RandomImageLayer, SizedImageLayer):
    """Cuts a part out of a batch of images, in training at a place drawn for the batch.

    Outside training, and where images are not larger than the part in both directions, the
    middle with its proportions is taken and resized.

    Args:
        height: Height of the part in pixels.
        width: Width of the part in pixels.
        seed: Integer, or None for the global seed.
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        training: None, outside `fit` and `predict`, counts as True.

    Raises:
        ValueError: sizes that are not positive, or an input without 3 or 4 axes.

    Source: `keras.layers.RandomCrop`. Keras 3 passes images through outside training, against
    its own documentation, and so gives shapes other than it foretells; this layer does as
    documented.

    >>> import minidl, numpy as np
    >>> minidl.layers.RandomCrop(2, 3)(np.zeros((4, 8, 8, 1))).shape
    (4, 2, 3, 1)
    """

    augments = False

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        # Keras draws the seed it was not given here, and writes it into the config.
        seed = next_seed() % 2**31 if seed is None else seed
        super().__init__(seed, height=height, width=width, data_format=data_format, name=name,
                         **kwargs)  # fmt: skip

    def choose(self, shape, training):
        spare = shape[1] - self.height, shape[2] - self.width
        if not training or min(spare) <= 0:
            return None
        top, left = (min(int(self.draw((), 0.0, n + 1.0)), n) for n in spare)
        return top, left

    def _choose(self, batch, training):
        return self.choose(batch.shape, training)

    def change(self, images, choice, mask):
        if choice is None:
            top, left, height, width = aspect_crop(images.shape[1:3], (self.height, self.width))
        else:
            (top, left), height, width = choice, self.height, self.width
        images = images[:, top : top + height, left : left + width]
        if images.shape[1:3] == (self.height, self.width):
            return images
        size = (self.height, self.width)
        return ops.image.resize(images, size, "nearest" if mask else "bilinear")
