"""GroupNormalization: groups of channels of each example to mean 0 and variance 1."""

from __future__ import annotations

from .. import ops
from ._normalization import ScaleAndShift, check_axis
from .input_spec import InputSpec


class GroupNormalization(ScaleAndShift):
    """Normalises groups of channels of each example, then scales and shifts every channel.

    Args:
        groups: Number of groups, a divisor of the channels; 1 takes all channels together, -1 each
            on its own (instance normalisation). Defaults to 32.
        axis: Axis of the channels. Defaults to -1.
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
        ValueError: `groups` does not divide the channels, epsilon is negative, or the channel
            count changed.

    Source: `keras.layers.GroupNormalization`; Wu and He 2018.

    >>> import minidl
    >>> layer = minidl.layers.GroupNormalization(groups=2, epsilon=0.0)
    >>> layer([[1.0, 3.0, 4.0, 8.0]]).numpy().tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    def __init__(
        self,
        groups=32,
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
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ValueError(
                "`groups` must be a positive integer, or -1 for one channel a group. "
                f"Received: groups={groups!r}"
            )
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"`axis` must be an integer other than 0. Received: axis={axis!r}")
        super().__init__(**kwargs)
        self.groups = groups
        self.axis = axis
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
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f"Layer '{self.name}': the size of axis {self.axis} must be known. "
                f"Received: shape {tuple(input_shape)}"
            )
        groups = channels if self.groups == -1 else self.groups
        if channels % groups:
            raise ValueError(
                f"Layer '{self.name}': `groups` must divide the {channels} channels of an input of "
                f"shape {tuple(input_shape)}. Received: groups={groups}"
            )
        self.groups = groups
        self._add_scale_and_shift((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs):
        return ops.group_normalization(
            inputs, self.groups, self.gamma, self.beta, self.axis, self.epsilon
        )

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
