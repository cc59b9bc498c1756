"""Dot: products of two tensors along one axis of each."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from .._tape import Tensor
from ._merging import Merge


class Dot(Merge):
    """Multiplies two tensors sample by sample and sums over one axis of each.

    Args:
        axes: Integer, the axis of both tensors, or a pair of integers; never the batch axis 0.
        normalize: Whether vectors along the axes are scaled to length 1 beforehand, which makes
            the result the cosine of their angle. Defaults to False.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of two tensors of 2 axes or more.

    Output shape: the axes of the first without `axes[0]`, then those of the second without the
    batch axis and `axes[1]`; `(batch, 1)` where nothing else is left.

    Raises:
        TypeError: `axes` is neither an integer nor a pair.
        ValueError: the sizes along the axes differ, or `axes` names the batch axis.

    Source: `keras.layers.Dot`.

    >>> import minidl
    >>> a, b = minidl.ops.ones((1, 3)), minidl.ops.full((1, 3), 2.0)
    >>> minidl.layers.Dot(axes=1)([a, b]).numpy()
    array([[6.]], dtype=float32)
    """

    least = most = 2

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if isinstance(axes, bool) or not isinstance(axes, (int, list, tuple)):
            raise TypeError(f"`axes` must be an integer or a pair. Received: axes={axes!r}")
        if not isinstance(axes, int):
            if len(axes) != 2 or not all(isinstance(a, int) for a in axes):
                raise ValueError(f"`axes` must hold two integers. Received: axes={axes!r}")
            axes = tuple(axes)
        self.axes = axes
        self.normalize = bool(normalize)

    def _axes(self, shapes: list[tuple]) -> tuple[int, int]:
        """The two axes, counted from the front."""
        given = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        found = []
        for axis, shape in zip(given, shapes, strict=True):
            if len(shape) < 2 or not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ValueError(
                    f"Layer '{self.name}' (Dot): axes={self.axes} must name an axis behind the "
                    f"batch axis of both inputs. Received: shapes {shapes[0]}, {shapes[1]}"
                )
            found.append(axis % len(shape))
        return found[0], found[1]

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def call(self, inputs):
        x, y = inputs
        a, b = self._axes([x.shape, y.shape])
        self._check_sizes([x.shape, y.shape], a, b)
        if self.normalize:
            x, y = ops.normalize(x, a), ops.normalize(y, b)
        shape = self.compute_output_shape([x.shape, y.shape])
        product = ops.matmul(_rows(x, a), ops.swapaxes(_rows(y, b), 1, 2))
        return ops.reshape(product, shape)

    def _check_sizes(self, shapes: list[tuple], a: int, b: int) -> None:
        n, m = shapes[0][a], shapes[1][b]
        batches = {shape[0] for shape in shapes} - {None}
        if (None not in (n, m) and n != m) or len(batches) > 1:
            raise ValueError(
                f"Layer '{self.name}' (Dot) needs equal batch sizes and equal sizes along "
                f"axes={self.axes}. Received: shapes {shapes[0]}, {shapes[1]}"
            )

    def compute_output_shape(self, input_shape):
        shapes = self._input_shapes(input_shape)
        a, b = self._axes(shapes)
        self._check_sizes(shapes, a, b)
        first, second = shapes
        shape = (*first[:a], *first[a + 1 :], *second[1:b], *second[b + 1 :])
        return (*shape, 1) if len(shape) == 1 else shape

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _rows(x: Tensor, axis: int) -> Tensor:
    """(batch, all other axes, `axis`)."""
    x = ops.moveaxis(x, axis, -1)
    return ops.reshape(x, (x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1]))


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """The layer `Dot` as a function.

    Args:
        inputs: A list of two tensors.
        axes: Integer or pair of integers. Defaults to -1.
        **kwargs: Arguments of the layer, as `normalize`.

    Returns:
        The products.

    Source: `keras.layers.dot`.

    >>> import minidl
    >>> a, b = minidl.ops.ones((1, 3)), minidl.ops.full((1, 3), 2.0)
    >>> minidl.layers.dot([a, b], axes=1).numpy()
    array([[6.]], dtype=float32)
    """
    return Dot(axes=axes, **kwargs)(inputs)
