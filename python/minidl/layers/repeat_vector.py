"""RepeatVector: one vector a sample becomes a sequence."""

from __future__ import annotations

from .. import ops
from .input_spec import InputSpec
from .layer import Layer


class RepeatVector(Layer):
    """Repeats each vector `n` times, as the steps of a sequence.

    Args:
        n: Number of steps, a positive integer.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, features)`. Output shape: `(batch, n, features)`.

    Raises:
        TypeError: `n` is no integer.
        ValueError: `n` is not positive, or the input has not two axes.

    Source: `keras.layers.RepeatVector`.

    >>> import minidl
    >>> minidl.layers.RepeatVector(2)([[1.0, 2.0]]).numpy()
    array([[[1., 2.],
            [1., 2.]]], dtype=float32)
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if isinstance(n, bool) or not isinstance(n, int):
            raise TypeError(f"`n` must be an integer. Received: n={n!r}")
        if n < 1:
            raise ValueError(f"`n` must be positive. Received: n={n}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, 1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return {**super().get_config(), "n": self.n}
