"""Concatenate: tensors side by side."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._merging import Merge


class Concatenate(Merge):
    """Joins a list of tensors along an axis.

    Args:
        axis: The axis along which the tensors may differ in size. Defaults to -1.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: A list of tensors with equal shapes but for `axis`.

    Raises:
        ValueError: the input is no such list, or shapes do not fit.

    Source: `keras.layers.Concatenate`.

    >>> import minidl
    >>> minidl.layers.Concatenate()([minidl.ops.ones((1, 2)), minidl.ops.zeros((1, 1))]).numpy()
    array([[1., 1., 0.]], dtype=float32)
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ValueError(f"`axis` must be an integer. Received: axis={axis!r}")
        self.axis = axis

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def call(self, inputs):
        return ops.concatenate(inputs, self.axis)

    def compute_output_shape(self, input_shape):
        shapes = self._input_shapes(input_shape)
        ndim = len(shapes[0])
        if not -ndim <= self.axis < ndim:
            raise ValueError(
                f"Layer '{self.name}' (Concatenate): axis={self.axis} is no axis of {shapes[0]}"
            )
        axis = self.axis % ndim
        sizes = list(shapes[0])
        for shape in shapes[1:]:
            pairs = list(enumerate(zip(sizes, shape, strict=False)))
            if len(shape) != ndim or any(
                i != axis and None not in (a, b) and a != b for i, (a, b) in pairs
            ):
                raise ValueError(
                    f"Layer '{self.name}' (Concatenate) needs inputs with equal shapes except "
                    f"along axis {self.axis}. Received: {', '.join(map(str, shapes))}"
                )
            for i, (a, b) in pairs:
                if i == axis:
                    sizes[i] = None if None in (a, b) else a + b
                elif a is None and i > 0:  # another input knows it
                    sizes[i] = b
        return tuple(sizes)

    def compute_mask(self, inputs, mask=None):
        """The masks joined; inputs without one count everywhere."""
        if not self._check_masks(inputs, mask) or all(m is None for m in mask):
            return None
        spread = []
        for x, m in zip(inputs, mask, strict=True):
            everywhere = ops.ones_like(x, dtype="bool")
            if m is None:
                spread.append(everywhere)
            elif m.ndim < x.ndim:
                spread.append(ops.logical_and(ops.expand_dims(m, -1), everywhere))
            else:
                spread.append(m)
        return ops.any(ops.concatenate(spread, self.axis), axis=-1)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """The layer `Concatenate` as a function.

    Args:
        inputs: A list of tensors with equal shapes but for `axis`.
        axis: The axis. Defaults to -1.
        **kwargs: Arguments of the layer.

    Returns:
        The joined tensor.

    Source: `keras.layers.concatenate`.

    >>> import minidl
    >>> minidl.layers.concatenate([minidl.ops.ones((1, 2)), minidl.ops.zeros((1, 1))]).numpy()
    array([[1., 1., 0.]], dtype=float32)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
