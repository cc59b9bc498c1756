"""BatchNormalization: each channel to mean 0 and variance 1, then scaled and shifted."""

from __future__ import annotations

import numpy as np

from .. import initializers, ops
from ..config import epsilon
from ._common import refuse
from ._normalization import ScaleAndShift, check_axis
from .input_spec import InputSpec


class BatchNormalization(ScaleAndShift):
    """Normalises each channel by the batch in training, by moving averages afterwards.

    Args:
        axis: Axis of the channels. Defaults to -1.
        momentum: Share of the old moving average kept each step. Defaults to 0.99.
        epsilon: Added to the variance. Defaults to 1e-3.
        center: Whether `beta` is added. Defaults to True.
        scale: Whether `gamma` is multiplied. Defaults to True.
        beta_initializer: Defaults to `"zeros"`.
        gamma_initializer: Defaults to `"ones"`.
        moving_mean_initializer: Defaults to `"zeros"`.
        moving_variance_initializer: Defaults to `"ones"`.
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Condition on beta.
        gamma_constraint: Condition on gamma.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Call arguments:
        training: True uses (and remembers) the batch's statistics. A layer with
            `trainable = False` always uses the moving averages.
        mask: Booleans with one axis fewer than the input; only what is true counts in the
            statistics of a batch. A mask that travels with the input is taken by itself.

    Raises:
        ValueError: epsilon is negative, momentum outside [0, 1], or the channel count changed.

    Source: `keras.layers.BatchNormalization`; Ioffe and Szegedy 2015.

    >>> import minidl
    >>> layer = minidl.layers.BatchNormalization(epsilon=0.0)
    >>> layer([[1.0], [3.0]], training=True).numpy().tolist()
    [[-1.0], [1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        synchronized=False,
        **kwargs,
    ):
        refuse("BatchNormalization", renorm=renorm, synchronized=synchronized)
        super().__init__(**kwargs)
        self.axis = int(axis)
        self.momentum = float(momentum)
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"`momentum` must lie in [0, 1]. Received: momentum={momentum}")
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
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm_momentum = renorm_momentum
        self.moving_mean = None
        self.moving_variance = None

    def build(self, input_shape):
        check_axis(self, self.axis, input_shape)
        shape = (input_shape[self.axis],)
        self._add_scale_and_shift(shape)
        self.moving_mean = self.add_weight(
            shape=shape,
            initializer=self.moving_mean_initializer,
            trainable=False,
            name="moving_mean",
        )
        self.moving_variance = self.add_weight(
            shape=shape,
            initializer=self.moving_variance_initializer,
            trainable=False,
            name="moving_variance",
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})

    def call(self, inputs, training=None, mask=None):
        rank = len(inputs.shape)
        axis = self.axis % rank
        if axis != rank - 1:  # the kernels want the channels last
            order = [i for i in range(rank) if i != axis] + [axis]
            inputs = ops.transpose(inputs, order)
        if training and self._trainable:
            if mask is None:
                out = self._normalise_by_batch(inputs)
            else:
                out = self._normalise_by_kept(inputs, mask)
        else:
            out = ops.batch_normalization(
                inputs,
                self.moving_mean,
                self.moving_variance,
                -1,
                self.beta,
                self.gamma,
                self.epsilon,
            )
        if axis != rank - 1:
            back = sorted(range(rank), key=order.__getitem__)
            out = ops.transpose(out, back)
        return out

    def _normalise_by_batch(self, inputs):
        out, mean, variance = ops.batch_norm(inputs, self.gamma, self.beta, self.epsilon)
        self._remember(inputs, mean, variance)
        return out

    def _normalise_by_kept(self, inputs, mask):
        """By the statistics of the values that the mask keeps; all are normalised."""
        keep = np.asarray(mask).astype(bool)
        if keep.ndim != inputs.ndim - 1:
            raise ValueError(
                f"Layer '{self.name}': `mask` must have one axis fewer than the inputs. Received: "
                f"mask of shape {keep.shape} for inputs of shape {inputs.shape}"
            )
        keep = np.broadcast_to(keep[..., None], (*inputs.shape[:-1], 1))
        axes = tuple(range(inputs.ndim - 1))
        share = 1.0 / (float(keep.sum()) + epsilon())
        mean = ops.sum(ops.where(keep, inputs, 0.0), axes) * share
        variance = ops.sum(ops.square(ops.where(keep, inputs - mean, 0.0)), axes) * share
        self._remember(inputs, mean, variance)
        return ops.batch_normalization(
            inputs, mean, variance, -1, self.beta, self.gamma, self.epsilon
        )

    def _remember(self, inputs, mean, variance):
        keep = inputs.data.dtype.type(self.momentum)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            new = moving.data * keep + batch.data * (1 - keep)
            moving.assign(new.astype(moving.data.dtype, copy=False))

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "renorm": False,
            "renorm_clipping": None,
            "renorm_momentum": self.renorm_momentum,
            "synchronized": False,
        }
