"""CenterCrop: the middle of images."""

from __future__ import annotations

from .. import ops
from ._image import SizedImageLayer


class CenterCrop(SizedImageLayer):
    """Cuts the middle out of images; smaller ones are enlarged, with their proportions kept.

    Args:
        height: Height of the part in pixels.
        width: Width of the part in pixels.
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`.

    Input shape: `(height, width, channels)`, or with a batch axis in front; or a dict of those.
    Output shape: the same with the new height and width, floats.

    Raises:
        ValueError: sizes that are not positive, or an input without 3 or 4 axes.

    Source: `keras.layers.CenterCrop`.

    >>> import minidl, numpy as np
    >>> minidl.layers.CenterCrop(1, 2)(np.arange(12.0).reshape(1, 3, 4, 1)).numpy().ravel()
    array([5., 6.], dtype=float32)
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(height, width, data_format=data_format, **kwargs)

    def change(self, images, choice, mask):
        top, left = images.shape[1] - self.height, images.shape[2] - self.width
        if top >= 0 and left >= 0:
            top, left = top // 2, left // 2
            return images[:, top : top + self.height, left : left + self.width]
        return ops.image.resize(
            images,
            (self.height, self.width),
            "nearest" if mask else "bilinear",
            crop_to_aspect_ratio=True,
        )
