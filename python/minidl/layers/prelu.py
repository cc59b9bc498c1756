"""PReLU: a ReLU whose slope below 0 is learned."""

from __future__ import annotations

from .. import constraints, initializers, ops, regularizers
from .input_spec import InputSpec
from .layer import Layer


class PReLU(Layer):
    """`x` above 0, `alpha * x` below, with a weight `alpha` for each place of a sample.

    Args:
        alpha_initializer: Of the slopes. Defaults to `"Zeros"`.
        alpha_regularizer: Penalty on the slopes.
        alpha_constraint: Condition on the slopes.
        shared_axes: Axis or list of axes, counted from 1, along which one slope serves all:
            `[1, 2]` gives images one slope a channel. None shares nothing.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: `shared_axes` names an axis that the input does not have.

    Source: `keras.layers.PReLU`; He et al. 2015.

    >>> import minidl
    >>> layer = minidl.layers.PReLU(alpha_initializer=minidl.initializers.Constant(0.25))
    >>> layer([[-4.0, 2.0]]).numpy()
    array([[-1.,  2.]], dtype=float32)
    """

    def __init__(
        self,
        alpha_initializer="Zeros",
        alpha_regularizer=None,
        alpha_constraint=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None:
            shared_axes = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else [
                shared_axes]  # fmt: skip
        self.shared_axes = shared_axes

    def build(self, input_shape):
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            if not isinstance(axis, int) or not 1 <= axis <= len(shape):
                raise ValueError(
                    f"Layer '{self.name}' (PReLU): `shared_axes` must name axes from 1 to "
                    f"{len(shape)}. Received: shared_axes={self.shared_axes}"
                )
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            shape=shape,
            name="alpha",
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        fixed = {i: n for i, n in enumerate(input_shape) if i and i not in (self.shared_axes or ())}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=fixed if self.shared_axes else {})

    def call(self, inputs):
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
