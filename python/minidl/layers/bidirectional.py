"""Bidirectional: a sequence read from both ends."""

from __future__ import annotations

from typing import Any

from .. import ops
from ._arguments import flatten
from ._nesting import classes_inside, inside, read_layer, write_layer
from .layer import Layer

_MODES = ("concat", "sum", "mul", "ave", None)
_NEEDED = ("go_backwards", "return_sequences", "return_state", "stateful")


class Bidirectional(Layer):
    """Runs one recurrent layer forwards and another backwards, and merges their outputs.

    Args:
        layer: The forward layer, such as an `LSTM`. It is copied, with fresh weights.
        merge_mode: How the outputs become one: `"concat"`, `"sum"`, `"mul"` or `"ave"`; None
            returns both. Defaults to `"concat"`.
        weights: List of arrays to start from, those of the forward layer first; None for the
            layers' own initializers.
        backward_layer: The backward layer, taken as it is; None for a copy of `layer` that reads
            the other way.
        **kwargs: `name`, `dtype`, `trainable`, `activity_regularizer`, `input_shape`.

    Where sequences are returned, the outputs of masked steps are zeros, whatever the layers'
    `zero_output_for_mask`.

    Call arguments:
        sequences, mask, training: As for the layers inside.
        initial_state: The states of the forward layer, then those of the backward layer.

    Returns:
        The merged output, in the order of time; with `return_state` a tuple of that and the states,
        the forward ones first.

    Raises:
        ValueError: an unknown `merge_mode`; layers that read the same way, or differ in `stateful`,
            `return_sequences` or `return_state`.

    Source: `keras.layers.Bidirectional`; Schuster and Paliwal 1997.

    >>> import minidl, numpy as np
    >>> layer = minidl.layers.Bidirectional(minidl.layers.LSTM(4, return_sequences=True))
    >>> layer(np.zeros((2, 5, 3), "float32")).shape
    (2, 5, 8)
    """

    _is_leaf = False
    supports_masking = True

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        if merge_mode not in _MODES:
            raise ValueError(
                "`merge_mode` must be 'concat', 'sum', 'mul', 'ave' or None. Received: "
                f"merge_mode={merge_mode!r}"
            )
        _check_layer(layer, "layer")
        if backward_layer is not None:
            _check_layer(backward_layer, "backward_layer")
        super().__init__(**kwargs)
        self.forward_layer = _remade(layer, "forward_")
        if backward_layer is None:
            backward_layer = _remade(layer, "backward_", go_backwards=True)
        self.backward_layer = backward_layer
        self._check_pair()
        for one in (self.forward_layer, self.backward_layer):
            if getattr(one, "zero_output_for_mask", None) is not None:
                one.zero_output_for_mask = one.return_sequences
        self.merge_mode = merge_mode
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.input_spec = layer.input_spec
        self._first_weights = None if weights is None else list(weights)

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if bool(forward.go_backwards) == bool(backward.go_backwards):
            raise ValueError(
                "`layer` and `backward_layer` must read in different directions. Received: "
                f"go_backwards={forward.go_backwards} for both"
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, name) != getattr(backward, name):
                raise ValueError(
                    f"`layer` and `backward_layer` must agree in `{name}`. Received: "
                    f"{getattr(forward, name)} and {getattr(backward, name)}"
                )

    def build(self, sequences_shape, initial_state_shape=None):
        with inside(self):
            for one in (self.forward_layer, self.backward_layer):
                if not one.built:
                    one._build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)
            self._first_weights = None

    # -- states -------------------------------------------------------------------------------
    @property
    def states(self) -> tuple | None:
        """Where stateful, the kept states of the forward layer, then of the backward layer."""
        forward, backward = self.forward_layer.states, self.backward_layer.states
        return (*forward, *backward) if forward and backward else None

    def reset_state(self) -> None:
        """Set the kept states to zero; AttributeError unless stateful."""
        if not self.stateful:
            raise AttributeError(
                f"Layer '{self.name}' is not stateful: it keeps no states to reset."
            )
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Keras 2's name of `reset_state`."""
        self.reset_state()

    # -- the call -----------------------------------------------------------------------------
    def call(self, sequences, initial_state=None, mask=None, training=None):
        forward, backward = [{} if mask is None else {"mask": mask} for _ in range(2)]
        if initial_state is not None:
            half, odd = divmod(len(initial_state), 2)
            if odd:
                raise ValueError(
                    f"Layer '{self.name}' takes the states of two layers as `initial_state`, one "
                    f"after the other. Received: {len(initial_state)} states"
                )
            forward["initial_state"] = list(initial_state[:half])
            backward["initial_state"] = list(initial_state[half:])
        y = self.forward_layer(sequences, training=training, **forward)
        z = self.backward_layer(sequences, training=training, **backward)
        states = ()
        if self.return_state:
            states = (*y[1:], *z[1:])
            y, z = y[0], z[0]
        if self.return_sequences:
            z = ops.flip(z, axis=1)
        merged = self._merge(y, z)
        if self.merge_mode is None:
            return (*merged, *states)
        return (merged, *states) if self.return_state else merged

    def _merge(self, y, z):
        if self.merge_mode == "concat":
            return ops.concatenate([y, z], axis=-1)
        if self.merge_mode == "sum":
            return y + z
        if self.merge_mode == "ave":
            return (y + z) * 0.5
        return y * z if self.merge_mode == "mul" else (y, z)

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        shape = self.forward_layer.compute_output_shape(sequences_shape)
        states: Any = ()
        if self.return_state:
            shape, *states = shape
            states = (*states, *states)
        if self.merge_mode is None:
            return (shape, shape, *states)
        if self.merge_mode == "concat":
            shape = (*shape[:-1], 2 * shape[-1])
        return (shape, *states) if self.return_state else shape

    def compute_mask(self, inputs, previous_mask):
        mask = next(flatten(previous_mask), None) if self.return_sequences else None
        return [mask, mask] if self.merge_mode is None else [mask]

    # -- config -------------------------------------------------------------------------------
    def get_config(self):
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": write_layer(self.forward_layer),
            "backward_layer": write_layer(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for name in ("layer", "backward_layer"):
            if config.get(name) is not None:
                config[name] = read_layer(config[name], custom_objects)
        return cls(**config)


def _check_layer(layer: Any, name: str) -> None:
    missing = [a for a in _NEEDED if not hasattr(layer, a)]
    if not isinstance(layer, Layer) or missing:
        raise ValueError(
            f"`{name}` must be a recurrent layer, with the attributes {', '.join(_NEEDED)}. "
            f"Received: {layer!r}"
        )


def _remade(layer: Any, prefix: str, **changes: Any) -> Any:
    """A layer from the config of `layer`, with a name that begins with `prefix`."""
    config = write_layer(layer)
    config.pop("build_config", None)
    name = prefix + layer.name.removeprefix(prefix)
    config["config"] = {**config["config"], **changes, "name": name}
    return read_layer(config, classes_inside(layer))
