"""Resizing: images in one size."""

from __future__ import annotations

from .. import ops
from ._image import SizedImageLayer


class Resizing(SizedImageLayer):
    """Gives images another height and width.

    Args:
        height: New height in pixels.
        width: New width in pixels.
        interpolation: `"bilinear"`, `"nearest"` or `"bicubic"`. Defaults to `"bilinear"`.
        crop_to_aspect_ratio: Whether the middle part with the new proportions is cut out first,
            so that nothing is distorted. Defaults to False.
        pad_to_aspect_ratio: Whether borders are added first for the same end. Defaults to False.
        fill_mode: `"constant"`: the borders hold one value.
        fill_value: That value. Defaults to 0.
        antialias: Whether images that shrink are smoothed. Defaults to False.
        data_format: None or `"channels_last"`.
        **kwargs: `name`, `dtype`, `trainable`.

    Input shape: `(height, width, channels)`, or with a batch axis in front; or a dict of those.
    Output shape: the same with the new height and width, floats.

    Raises:
        ValueError: sizes that are not positive, another interpolation, or both ratios at once.

    Source: `keras.layers.Resizing`.

    >>> import minidl
    >>> minidl.layers.Resizing(1, 4)([[[[0.0], [4.0]]]]).numpy().ravel()
    array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(
        self,
        height,
        width,
        interpolation="bilinear",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=False,
        fill_mode="constant",
        fill_value=0.0,
        antialias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(height, width, data_format=data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear", "bicubic"):
            raise ValueError(
                "Resizing: `interpolation` must be 'nearest', 'bilinear' or 'bicubic'. "
                f"Received: interpolation={interpolation!r}"
            )
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                "Resizing crops or pads to the aspect ratio, not both. Received: "
                "crop_to_aspect_ratio=True, pad_to_aspect_ratio=True"
            )
        if fill_mode != "constant":
            raise ValueError(f"Resizing: `fill_mode` must be 'constant'. Received: {fill_mode!r}")
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def change(self, images, choice, mask):
        return ops.image.resize(
            images,
            (self.height, self.width),
            "nearest" if mask else self.interpolation,
            self.antialias and not mask,
            self.crop_to_aspect_ratio,
            self.pad_to_aspect_ratio,
            self.fill_mode,
            self.fill_value,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
            "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "antialias": self.antialias,
        }
