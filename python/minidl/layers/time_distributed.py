"""TimeDistributed: one layer applied to every step."""

from __future__ import annotations

from typing import Any

from .. import ops
from . import _rnn_loop
from ._nesting import inside, read_layer, write_layer
from .batch_normalization import BatchNormalization
from .dropout import Dropout
from .layer import Layer
from .rnn import RNN


class TimeDistributed(Layer):
    """Applies a layer to every step of a sequence, with the same weights.

    Layers of minidl that treat the samples of a batch one by one see all steps as one large batch;
    others, and users' own ones, are called once a step.

    Args:
        layer: The layer.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Call arguments:
        inputs: Tensor of shape `(batch, steps, ...)`.
        mask: Bools of shape `(batch, steps, ...)`; handed on, step by step, to a layer that takes a
            mask.
        training: Handed on to the layer.

    Input shape: `(batch, steps, ...)`, at least three axes. Output shape: `(batch, steps, ...)`.

    Raises:
        ValueError: `layer` is none; the input has fewer than three axes; the first two axes of the
            mask are not those of the input.

    Source: `keras.layers.TimeDistributed`.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.TimeDistributed(minidl.layers.Conv2D(4, 3))
    >>> layer(np.zeros((2, 5, 8, 8, 3), "float32")).shape
    (2, 5, 6, 6, 4)
    """

    _is_leaf = False
    supports_masking = True

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(f"`layer` must be a layer. Received: layer={layer!r}")
        super().__init__(**kwargs)
        self.layer = layer

    def _step_shape(self, shape: tuple) -> tuple:
        if len(shape) < 3:
            raise ValueError(
                f"Layer '{self.name}' (TimeDistributed) takes inputs of at least 3 axes, (batch, "
                f"steps, ...). Received: shape {tuple(shape)}"
            )
        return (shape[0], *shape[2:])

    def build(self, input_shape):
        shape = self._step_shape(input_shape)
        if not self.layer.built:
            with inside(self):
                self.layer._build(shape)

    def call(self, inputs, training=None, mask=None):
        self._step_shape(inputs.shape)
        batch, steps = inputs.shape[:2]
        if mask is not None and tuple(mask.shape[:2]) != (batch, steps):
            raise ValueError(
                f"Layer '{self.name}' (TimeDistributed): the first axes of `mask` must be those of "
                f"the input, {(batch, steps)}. Received: mask of shape {tuple(mask.shape)}"
            )
        if "mask" not in self.layer._mask_names:
            mask = None
        if steps and treats_samples_alone(self.layer, training):
            folded = _joined(inputs)
            out = self._apply(folded, None if mask is None else _joined(mask), training)
            return ops.reshape(out, (batch, steps, *out.shape[1:]))
        outputs = [
            self._apply(x, None if mask is None else mask[:, t], training)
            for t, x in enumerate(_rnn_loop.unstack(inputs))
        ]
        if not outputs:
            raise ValueError(
                f"Layer '{self.name}' (TimeDistributed) needs at least one step. Received: inputs "
                f"of shape {inputs.shape}"
            )
        return ops.stack(outputs, axis=1)

    def _apply(self, x: Any, mask: Any, training: Any) -> Any:
        kwargs = {} if mask is None else {"mask": mask}
        return self.layer(x, training=training, **kwargs)

    def compute_output_shape(self, input_shape):
        batch, *rest = self.layer.compute_output_shape(self._step_shape(input_shape))
        return (batch, input_shape[1], *rest)

    def get_config(self):
        return {**super().get_config(), "layer": write_layer(self.layer)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        return cls(read_layer(config.pop("layer"), custom_objects), **config)


def _joined(x: Any) -> Any:
    """Batch and steps as one axis."""
    return ops.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))


def treats_samples_alone(layer: Layer, training: Any) -> bool:
    """Whether no sample of a batch changes the result for another: all layers inside are minidl's
    own, and none of them looks at the batch as a whole."""
    for part in layer._flatten_layers():
        if not type(part).__module__.startswith("minidl.") or part.activity_regularizer is not None:
            return False
        if isinstance(part, BatchNormalization) and training:
            return False
        if isinstance(part, Dropout) and part.noise_shape and part.noise_shape[0] is not None:
            return False
        if isinstance(part, RNN) and (part.stateful or not isinstance(part.cell, Layer)):
            return False
        if type(part).__name__ in ("Lambda", "ActivityRegularization"):
            return False
    return True
