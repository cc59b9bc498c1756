"""Masking: steps that hold nothing but a marker are left out by the layers behind."""

from __future__ import annotations

from .. import ops
from ._arguments import set_mask
from .layer import Layer


class Masking(Layer):
    """Masks the steps in which every feature equals a value.

    Args:
        mask_value: The value. Defaults to 0.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Returns:
        The inputs with zeros at the masked steps, and with a mask that travels to the layers
        behind: False at these steps.

    Input shape: `(batch, steps, ..., features)`. Output shape: the same.

    Raises:
        ValueError: `mask_value` is no number.

    Source: `keras.layers.Masking`.

    >>> import minidl
    >>> y = minidl.layers.Masking(mask_value=-1.0)([[[2.0], [-1.0]]])
    >>> y.numpy().tolist(), minidl.layers.GRU(3)(y).shape
    ([[[2.0], [0.0]]], (1, 3))
    """

    supports_masking = True

    def __init__(self, mask_value=0.0, **kwargs):
        try:
            float(mask_value)
        except (TypeError, ValueError):
            raise ValueError(
                f"`mask_value` must be a number. Received: mask_value={mask_value!r}"
            ) from None
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs, previous_mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        keep = self.compute_mask(inputs)
        outputs = ops.where(ops.expand_dims(keep, -1), inputs, 0)
        set_mask(outputs, keep)
        return outputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}
