"""Base of the layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ops
from .._tape import Tensor
from .layer import Layer


class Merge(Layer):
    """A layer called on a list of tensors; subclasses write `merge`.

    Tensors of fewer axes get axes of size 1 behind the batch axis, as in Keras.
    """

    _writes_build = True

    least = 1
    most: int | None = None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """One tensor of tensors with the same number of axes."""
        raise NotImplementedError

    def build(self, input_shape):
        self.compute_output_shape(input_shape)
        batches = {shape[0] for shape in input_shape if shape} - {None}
        if len(batches) > 1:
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) cannot merge tensors with different "
                f"batch sizes. Received: shapes {input_shape}"
            )

    def call(self, inputs):
        return self.merge(self._aligned(inputs))

    def compute_output_shape(self, input_shape):
        shapes = self._input_shapes(input_shape)
        batches = {shape[0] for shape in shapes} - {None}
        inner = shapes[0][1:]
        for shape in shapes[1:]:
            inner = self._broadcast(inner, shape[1:], shapes)
        return (batches.pop() if len(batches) == 1 else None, *inner)

    def compute_mask(self, inputs, mask=None):
        """A step counts if it counts in any input; without a mask of each there is none."""
        if not self._check_masks(inputs, mask) or any(m is None for m in mask):
            return None
        merged = mask[0]
        for other in mask[1:]:
            merged = ops.logical_or(merged, other)
        return merged

    def _check_masks(self, inputs: Any, mask: Any) -> bool:
        """Whether there are masks; ValueError where they do not fit the inputs."""
        if mask is None:
            return False
        for name, value in (("mask", mask), ("inputs", inputs)):
            if not isinstance(value, (list, tuple)):
                raise ValueError(f"`{name}` must be a list. Received: {name}={value!r}")
        if len(mask) != len(inputs):
            raise ValueError(
                f"There must be a mask (or None) for each input. Received: {len(mask)} masks for "
                f"{len(inputs)} inputs"
            )
        return True

    def _input_shapes(self, input_shape: Any) -> list[tuple]:
        """The shapes of the inputs; ValueError unless it is a list of as many as are wanted."""
        listed = isinstance(input_shape, (list, tuple)) and all(
            isinstance(shape, (list, tuple)) for shape in input_shape
        )
        if not listed or len(input_shape) < self.least or self.most not in (None, len(input_shape)):
            wanted = f"exactly {self.most}" if self.most else f"at least {self.least}"
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) is called on a list of {wanted} "
                f"input{'s' if wanted[-1] != '1' else ''}. Received: input shape {input_shape}"
            )
        return [tuple(shape) for shape in input_shape]

    def _broadcast(self, first: tuple, second: tuple, shapes: list[tuple]) -> tuple:
        """The shape of an elementwise result, counted from the last axis."""
        longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
        sizes: list[int | None] = []
        for a, b in zip(longer[len(longer) - len(shorter) :], shorter, strict=True):
            if a is None or b is None:
                sizes.append(None)
            elif a != b and 1 not in (a, b):
                raise ValueError(
                    f"Layer '{self.name}' ({type(self).__name__}) got inputs whose shapes do not "
                    f"fit: {', '.join(map(str, shapes))}"
                )
            else:
                sizes.append(max(a, b) if 0 not in (a, b) else 0)
        return (*longer[: len(longer) - len(shorter)], *sizes)

    def _aligned(self, inputs: Any) -> list[Tensor]:
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) is called on a list of tensors. "
                f"Received: {type(inputs).__name__}"
            )
        ndim = max(x.ndim for x in inputs)
        return [
            x if x.ndim == ndim else ops.expand_dims(x, tuple(range(1, 1 + ndim - x.ndim)))
            for x in inputs
        ]


def fold(function: Callable, inputs: Sequence[Tensor]) -> Tensor:
    """`function` of the first two, of that and the third, and so on."""
    result = inputs[0]
    for x in inputs[1:]:
        result = function(result, x)
    return result


class MaskedExtremum(Merge):
    """Maximum and Minimum: a masked step takes no part where another one is there."""

    choose: Callable[[Any, Any], Tensor]

    def call(self, inputs, mask=None):
        tensors = self._aligned(inputs)
        if mask is None or all(m is None for m in mask):
            return fold(type(self).choose, tensors)
        result, seen = None, None
        for x, m in zip(tensors, mask, strict=True):
            if m is not None:
                m = np.broadcast_to(ops.convert_to_numpy(m)[..., None], x.shape)
            if result is None:
                result, seen = x, m
                continue
            if m is not None:
                x = ops.where(m, x, result)
            if seen is not None:
                result = ops.where(seen, result, x)
            seen = m | seen if m is not None and seen is not None else None
            result = type(self).choose(result, x)
        return result
