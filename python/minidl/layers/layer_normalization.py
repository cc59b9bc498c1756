"""LayerNormalization: each example to mean 0 and variance 1, then scaled and shifted."""

from __future__ import annotations

from .. import ops
from ._normalization import ScaleAndShift, check_axis, read_axis


class LayerNormalization(ScaleAndShift):
    """Normalises each example by itself, in training and afterwards alike.

    Args:
        axis: Axis or axes that are normalised together. Defaults to -1.
        epsilon: Added to the variance. Defaults to 1e-3.
        center: Whether `beta` is added. Defaults to True.
        scale: Whether `gamma` is multiplied. Defaults to True.
        beta_initializer: Defaults to `"zeros"`.
        gamma_initializer: Defaults to `"ones"`.
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Condition on beta.
        gamma_constraint: Condition on gamma.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Raises:
        ValueError: epsilon is negative, or an axis is out of bounds.
        TypeError: `axis` holds no integers.

    Source: `keras.layers.LayerNormalization`; Ba et al. 2016.

    >>> import minidl
    >>> minidl.layers.LayerNormalization(epsilon=0.0)([[1.0, 3.0]]).numpy().tolist()
    [[-1.0, 1.0]]
    """

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        if kwargs.pop("rms_scaling", False):
            raise ValueError(
                "LayerNormalization does not offer `rms_scaling`, which divides by the deviation, "
                "not the root mean square: use RMSNormalization. Received: rms_scaling=True"
            )
        super().__init__(**kwargs)
        self.axis = read_axis(axis)
        self._set_scale_and_shift(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
        )
        self.supports_masking = True

    def build(self, input_shape):
        check_axis(self, self.axis, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self._add_scale_and_shift(tuple(input_shape[a] for a in self.axis))

    def call(self, inputs):
        return ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape):
        check_axis(self, self.axis, input_shape)
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "rms_scaling": False}
