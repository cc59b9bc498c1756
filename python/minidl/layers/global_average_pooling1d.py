"""GlobalAveragePooling1D: the mean of each channel of a sequence."""

from __future__ import annotations

import numpy as np

from .. import ops
from ._pooling import GlobalPooling


class GlobalAveragePooling1D(GlobalPooling):
    """Mean over the steps, or over those that a mask keeps.

    Args:
        data_format: None or `"channels_last"`.
        keepdims: Whether the axis of steps stays, as 1. Defaults to False.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Call arguments:
        mask: None, or an array (batch, steps), true for the steps that count.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, channels)`.

    Raises:
        ValueError: the input does not have three axes, or the mask another shape.

    Source: `keras.layers.GlobalAveragePooling1D`.

    >>> import minidl
    >>> layer = minidl.layers.GlobalAveragePooling1D()
    >>> layer([[[1.0], [4.0], [9.0]]], mask=[[True, True, False]]).numpy()
    array([[2.5]], dtype=float32)
    """

    rank = 1

    def call(self, inputs, mask=None):
        if mask is None:
            return ops.mean(inputs, 1, self.keepdims)
        keep = np.asarray(mask).astype(bool)
        if keep.shape != inputs.shape[:2]:
            raise ValueError(
                f"Layer '{self.name}': `mask` must have shape {inputs.shape[:2]}, (batch, steps). "
                f"Received: shape {keep.shape}"
            )
        kept = ops.where(keep[..., None], inputs, 0.0)
        count = keep.sum(1).astype(inputs.dtype)[:, None]
        return ops.sum(kept, 1, self.keepdims) / (count[..., None] if self.keepdims else count)

    def compute_mask(self, inputs, previous_mask):
        return None  # the steps are gone


GlobalAvgPool1D = GlobalAveragePooling1D
