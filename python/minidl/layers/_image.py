"""Base of the layers that change images: single ones, batches, or dicts of images and masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor
from ..random import SeedGenerator, uniform
from ._common import check_data_format
from .layer import Layer


class ImageLayer(Layer):
    """Images with 3 axes (height, width, channels) or 4 with a batch; subclasses write `change`.

    A dict with `"images"` and, if wanted, `"segmentation_masks"` and `"labels"` goes through too:
    the masks are moved with the images, without mixing pixels; labels stay.
    """

    augments = False  # whether nothing happens outside training
    moves_masks = True  # whether it moves pixels; else masks stay

    def __init__(self, data_format: Any = None, **kwargs: Any):
        if kwargs.pop("bounding_box_format", None) is not None:
            raise ValueError(
                f"{type(self).__name__} does not offer `bounding_box_format`: it changes images "
                "and segmentation masks."
            )
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)

    def choose(self, shape: tuple[int, ...], training: bool) -> Any:
        """What is to happen to a batch of images of `shape`: drawn at random, or None."""
        return None

    def change(self, images: Tensor, choice: Any, mask: bool) -> Tensor:
        """The images after it. `mask`: they are class numbers, which do not mix."""
        raise NotImplementedError

    def call(self, inputs, training=None):
        # As in Keras: on its own, outside fit and predict, such a layer is in training mode.
        training = True if training is None else bool(training)
        if not isinstance(inputs, dict):
            batch, single = self._batch(inputs)
            return self._finish(batch, single, self._choose(batch, training), training, False)
        if "images" not in inputs or "bounding_boxes" in inputs:
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) takes a dict with 'images' and, if "
                f"wanted, 'segmentation_masks' and 'labels'. Received: keys {sorted(inputs)}"
            )
        batch, single = self._batch(inputs["images"])
        choice = self._choose(batch, training)
        results = {**inputs, "images": self._finish(batch, single, choice, training, False)}
        if "segmentation_masks" in inputs and self.moves_masks:
            masks, single = self._batch(inputs["segmentation_masks"])
            results["segmentation_masks"] = self._finish(masks, single, choice, training, True)
        return results

    def _choose(self, batch: Tensor, training: bool) -> Any:
        return self.choose(batch.shape, training)

    def _finish(self, batch: Tensor, single: bool, choice: Any, training: bool, mask: bool):
        if training or not self.augments:
            batch = self.change(batch, choice, mask)
        return ops.squeeze(batch, 0) if single else batch

    def _batch(self, images: Any) -> tuple[Tensor, bool]:
        """Four axes of floats, and whether one was added."""
        if images.ndim not in (3, 4):
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) expects images with 3 axes, or 4 "
                f"with a batch. Received: shape {images.shape}"
            )
        images = ops.cast(images, self._np_dtype)
        return (ops.expand_dims(images, 0), True) if images.ndim == 3 else (images, False)

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, dict):
            return {k: self.compute_output_shape(s) if k != "labels" else s
                    for k, s in input_shape.items()}  # fmt: skip
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


class SizedImageLayer(ImageLayer):
    """An image layer whose results have one height and width."""

    def __init__(self, height: int, width: int, **kwargs: Any):
        super().__init__(**kwargs)
        for name, value in (("height", height), ("width", width)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
        self.height, self.width = int(height), int(width)

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, dict):
            return super().compute_output_shape(input_shape)
        if len(input_shape) not in (3, 4):
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) expects images with 3 axes, or 4 "
                f"with a batch. Received: shape {tuple(input_shape)}"
            )
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


class RandomImageLayer(ImageLayer):
    """An image layer that draws at random what it does, and does nothing outside training."""

    augments = True
    bounds = (-1.0, 1.0)  # of factors

    def __init__(self, seed: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = SeedGenerator(seed)

    def _choose(self, batch: Tensor, training: bool) -> Any:
        return self.choose(batch.shape, training) if training else None

    def draw(self, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
        """Numbers in [low, high)."""
        return uniform(shape, low, high, self._np_dtype, self.generator)

    def factor_range(self, factor: Any, name: str) -> tuple[float, float]:
        """(lowest, highest) from a pair, or from one number for both sides of 0."""
        low, high = self.bounds
        pair = factor if isinstance(factor, (list, tuple)) else (factor,)
        numeric = all(isinstance(f, (int, float)) and not isinstance(f, bool) for f in pair)
        if len(pair) > 2 or not pair or not numeric or not all(low <= f <= high for f in pair):
            raise ValueError(
                f"`{name}` must be a number or a pair of numbers in [{low:g}, {high:g}]. "
                f"Received: {name}={factor!r}"
            )
        if len(pair) == 2:
            return min(pair), max(pair)
        return max(-abs(pair[0]), low), abs(pair[0])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


class RandomGeometry(RandomImageLayer):
    """A random image layer that moves pixels by an affine transform."""

    def __init__(self, fill_mode: Any, interpolation: Any, fill_value: Any, **kwargs: Any):
        super().__init__(**kwargs)
        if fill_mode not in ("reflect", "wrap", "constant", "nearest"):
            raise ValueError(
                "`fill_mode` must be 'reflect', 'wrap', 'constant' or 'nearest'. "
                f"Received: fill_mode={fill_mode!r}"
            )
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                "`interpolation` must be 'nearest' or 'bilinear'. "
                f"Received: interpolation={interpolation!r}"
            )
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value

    def change(self, images, choice, mask):
        return ops.image.affine_transform(
            images,
            choice,
            "nearest" if mask else self.interpolation,
            self.fill_mode,
            self.fill_value,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


def transforms(a0, a1, a2, b0, b1, b2) -> np.ndarray:
    """Rows of 8 numbers for `affine_transform` from columns and constants."""
    parts = np.broadcast_arrays(a0, a1, a2, b0, b1, b2, 0.0, 0.0)
    return np.stack(parts, -1).reshape(-1, 8)
