"""What the attention layers with projected heads share: projections, masks, the call."""

from __future__ import annotations

import math
from string import ascii_lowercase
from typing import Any

import numpy as np

from .. import constraints, initializers, ops, regularizers
from .dropout import Dropout
from .einsum_dense import EinsumDense
from .layer import Layer


def _array(mask: Any) -> np.ndarray:
    return np.asarray(mask).astype(bool, copy=False)


class AttentionHeads(Layer):
    """Queries, keys and values projected to heads, attention, and the projection back."""

    _is_leaf = False
    supports_masking = True
    _query_dense: EinsumDense
    _key_dense: EinsumDense
    _value_dense: EinsumDense
    _output_dense: EinsumDense

    def __init__(
        self,
        dropout,
        use_bias,
        sliding_window,
        flash_attention,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        use_gate,
        seed,
        **kwargs,
    ):
        if isinstance(dropout, bool) or not 0 <= float(dropout) < 1:
            raise ValueError(f"`dropout` must be a number in [0, 1). Received: dropout={dropout!r}")
        whole = isinstance(sliding_window, int) and not isinstance(sliding_window, bool)
        if sliding_window is not None and not (whole and sliding_window > 0):
            raise ValueError(
                "`sliding_window` must be None or a positive integer. "
                f"Received: sliding_window={sliding_window!r}"
            )
        super().__init__(**kwargs)
        self._flash_attention = flash_attention  # there is one way, and it is tiled
        self._rate = float(dropout)
        self._use_bias = use_bias
        self._use_gate = use_gate
        self._window = sliding_window
        self.seed = seed
        self._kernel_initializer = initializers.get(kernel_initializer)
        self._bias_initializer = initializers.get(bias_initializer)
        self._kernel_regularizer = regularizers.get(kernel_regularizer)
        self._bias_regularizer = regularizers.get(bias_regularizer)
        self._activity_regularizer = regularizers.get(activity_regularizer)
        self._kernel_constraint = constraints.get(kernel_constraint)
        self._bias_constraint = constraints.get(bias_constraint)

    # -- building -----------------------------------------------------------------------------
    def _build_heads(self, query, value, key, heads, key_heads, key_dim, value_dim, output) -> None:
        """All projections, for the shapes of query, value and key."""
        self._query_dense = self._projection("query", query, 1, (heads, key_dim))
        self._key_dense = self._projection("key", key, 1, (key_heads, key_dim))
        if self._use_gate:
            self._gate_dense = self._projection("gate", query, 1, (heads, value_dim), "sigmoid")
        self._value_dense = self._projection("value", value, 1, (key_heads, value_dim))
        self._dropout_layer = Dropout(self._rate, dtype=self.dtype_policy, seed=self.seed)
        joined = (*query[:-1], heads, value_dim)
        self._output_dense = self._projection("attention_output", joined, 2, output)

    def _projection(self, name, shape, summed, output, activation=None) -> EinsumDense:
        """A dense layer over the last `summed` axes of `shape`, which it turns into `output`."""
        free = len(shape) - summed
        letters = ascii_lowercase
        rows, inner = letters[:free], letters[free : len(shape)]
        columns = letters[len(shape) : len(shape) + len(output)]
        layer = EinsumDense(
            f"{rows}{inner},{inner}{columns}->{rows}{columns}",
            output_shape=(*(None,) * (free - 1), *output),
            activation=activation,
            bias_axes=columns if self._use_bias else None,
            kernel_initializer=_fresh(self._kernel_initializer),
            bias_initializer=_fresh(self._bias_initializer),
            kernel_regularizer=self._kernel_regularizer,
            bias_regularizer=self._bias_regularizer,
            activity_regularizer=self._activity_regularizer,
            kernel_constraint=self._kernel_constraint,
            bias_constraint=self._bias_constraint,
            name=name,
            dtype=self.dtype_policy,
        )
        layer.path = f"{self.path}/{name}"
        layer.supports_masking = True  # masks are seen to outside
        layer.build(tuple(shape))
        return layer

    # -- the call -----------------------------------------------------------------------------
    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        key = value if key is None else key
        mask = self._merge_masks(value_mask, key_mask, attention_mask)
        if self._window is not None:
            band = self._band(query.shape[1], value.shape[1])
            mask = band if mask is None else mask & band
        heads = [self._query_dense(query), self._key_dense(key), self._value_dense(value)]
        out, scores = self._attend(
            *heads, mask, training, bool(return_attention_scores), bool(use_causal_mask)
        )
        if query_mask is not None:
            # A query that is padding sees nothing; so no mask of queries by keys is needed.
            seen = _array(query_mask)
            out = ops.where(seen[(...,) + (None,) * (out.ndim - seen.ndim)], out, 0.0)
            if scores is not None:
                seen = np.expand_dims(seen, 1)
                scores = ops.where(seen[(...,) + (None,) * (scores.ndim - seen.ndim)], scores, 0.0)
        if self._use_gate:
            out = out * self._gate_dense(query)
        out = self._output_dense(out)
        return (out, scores) if return_attention_scores else out

    @staticmethod
    def _merge_masks(value_mask, key_mask, attention_mask) -> np.ndarray | None:
        """What hides keys, of shape (batch or 1, queries or 1, keys), as Keras has it."""
        mask = None
        for given in (value_mask, key_mask):
            if given is not None:
                given = np.expand_dims(_array(given), -2)
                mask = given if mask is None else mask & given
        if attention_mask is not None:
            given = _array(attention_mask)
            if mask is not None and given.ndim > mask.ndim:  # (batch, heads, queries, keys)
                mask = np.expand_dims(mask, 1)
            mask = given if mask is None else mask & given
        return mask

    def _band(self, queries: int, keys: int) -> np.ndarray:
        """Queries and keys less than the window apart."""
        apart = np.arange(queries)[:, None] - np.arange(keys)
        return (np.abs(apart) < self._window)[None]

    def _attend(self, query, key, value, mask, training, wants_scores, causal):
        """Attention over axis 1 of (batch, time, heads, dim)."""
        if mask is not None and mask.ndim == 3:
            mask = np.expand_dims(mask, 1)
        rate = self._rate if training else 0.0
        result = ops.dot_product_attention(
            query,
            key,
            value,
            mask=mask,
            scale=1 / math.sqrt(query.shape[-1]),
            is_causal=causal,
            dropout_rate=rate,
            seed=self._dropout_layer.seed_generator.next() if rate else None,
            return_attention_scores=wants_scores,
        )
        return result if wants_scores else (result, None)

    def compute_output_spec(self, inputs, *args, **kwargs):
        if kwargs.get("return_attention_scores"):  # two outputs: a trial call tells their shapes
            return self._try_call(inputs, args, kwargs)
        return super().compute_output_spec(inputs, *args, **kwargs)

    def _shared_config(self) -> dict:
        return {
            "dropout": self._rate,
            "use_bias": self._use_bias,
            "use_gate": self._use_gate,
            "sliding_window": self._window,
            "kernel_initializer": initializers.serialize(self._kernel_initializer),
            "bias_initializer": initializers.serialize(self._bias_initializer),
            "kernel_regularizer": regularizers.serialize(self._kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self._bias_regularizer),
            "activity_regularizer": regularizers.serialize(self._activity_regularizer),
            "kernel_constraint": constraints.serialize(self._kernel_constraint),
            "bias_constraint": constraints.serialize(self._bias_constraint),
            "seed": self.seed,
        }


def _fresh(initializer):
    """An initializer of its own for each weight: one used twice gives the same values."""
    if not hasattr(initializer, "get_config"):
        return initializer
    return type(initializer).from_config(initializer.get_config())


def check_times(layer: Layer, value: tuple, key: tuple) -> None:
    """ValueError unless keys and values have the same axes but for the last."""
    if tuple(value[1:-1]) != tuple(key[1:-1]):
        raise ValueError(
            f"Layer '{layer.name}' ({type(layer).__name__}): all axes of `value` and `key` but "
            f"the first and the last must agree. Received: value of shape {tuple(value)}, key of "
            f"shape {tuple(key)}"
        )
