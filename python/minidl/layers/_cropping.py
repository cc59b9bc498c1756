"""Base of Cropping1D and Cropping2D."""

from __future__ import annotations

from .. import ops
from .layer import Layer


class Cropping(Layer):
    """Cuts off what `_cuts()`, pairs of (front, back) per axis, tells."""

    def _cuts(self) -> tuple[tuple[int, int], ...]:
        raise NotImplementedError

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def call(self, inputs):
        self.compute_output_shape(inputs.shape)  # the size may have changed since the layer's build
        middle = (
            slice(front, n - back)
            for n, (front, back) in zip(inputs.shape[1:-1], self._cuts(), strict=True)
        )
        return ops.getitem(inputs, (slice(None), *middle))

    def compute_output_shape(self, input_shape):
        sizes = [
            None if n is None else n - sum(cut)
            for n, cut in zip(input_shape[1:-1], self._cuts(), strict=True)
        ]
        if any(n is not None and n <= 0 for n in sizes):
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}): `cropping` must leave something of "
                f"each axis. Received: cropping={self.cropping}, input of shape "
                f"{tuple(input_shape)}"
            )
        return (input_shape[0], *sizes, input_shape[-1])
