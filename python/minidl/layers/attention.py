"""Attention: queries attend to keys as they are, without projections."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..ops.attention import masked_softmax
from ..random import SeedGenerator
from .layer import Layer


class Attention(Layer):
    """Dot-product attention, as Luong has it.

    Args:
        use_scale: Whether a trainable scalar multiplies the scores.
        score_mode: `"dot"`, computed in tiles, or `"concat"`: the sum of tanh(query + key).
        dropout: Share of the attention weights dropped in training, in [0, 1).
        seed: Integer for dropout, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: List `[query, value]` or `[query, value, key]`, of shapes `(batch, queries, dim)`
            and `(batch, keys, dim)`.
        mask: List `[query_mask, value_mask]` of bools `(batch, time)` or None; taken from the
            inputs where they carry masks. Masked queries give zeros; so do queries that see no key
            (Keras leaves the mask out there).
        training: Whether weights are dropped.
        return_attention_scores: Whether the weights are returned too.
        use_causal_mask: Whether query i sees the keys up to i only.

    Raises:
        ValueError: an argument is out of range, or the inputs are no such list.

    Source: `keras.layers.Attention`; Luong et al. 2015.

    >>> import minidl
    >>> x = minidl.ops.ones((2, 3, 4))
    >>> minidl.layers.Attention()([x, x]).shape
    (2, 3, 4)
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"`score_mode` must be 'dot' or 'concat'. Received: score_mode={score_mode!r}"
            )
        if isinstance(dropout, bool) or not 0 <= float(dropout) < 1:
            raise ValueError(f"`dropout` must be a number in [0, 1). Received: dropout={dropout!r}")
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self.scale = None
        self.concat_score_weight = None

    def build(self, input_shape):
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones"
            )

    def call(
        self,
        inputs,
        mask=None,
        training=False,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        self._check(inputs, mask)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        rate = float(self.dropout) if training else 0.0
        seed = self.seed_generator.next() if rate else None
        seen = None
        if value_mask is not None:
            seen = np.expand_dims(np.asarray(value_mask).astype(bool), -2)
        if self.score_mode == "dot" and query.ndim == 3:
            out, scores = self._tiled(
                query, key, value, seen, rate, seed, return_attention_scores, use_causal_mask
            )
        else:
            scores = self._calculate_scores(query, key)
            if use_causal_mask:
                causal = np.tri(*scores.shape[-2:], dtype=bool)
                seen = causal if seen is None else seen & causal
            scores = masked_softmax(scores, seen)
            out = ops.matmul(ops.dropout(scores, rate, seed) if rate else scores, value)
        if query_mask is not None:
            out = ops.where(np.asarray(query_mask).astype(bool)[..., None], out, 0.0)
        return (out, scores) if return_attention_scores else out

    def _tiled(self, query, key, value, seen, rate, seed, wants_scores, causal):
        """Dot products are attention of one head; a trained scale goes into the queries."""
        if self.scale is not None:
            query = query * self.scale
        result = ops.dot_product_attention(
            *(ops.expand_dims(x, 2) for x in (query, key, value)),
            mask=None if seen is None else seen[:, None],
            scale=1.0,
            is_causal=bool(causal),
            dropout_rate=rate,
            seed=seed,
            return_attention_scores=bool(wants_scores),
        )
        out, scores = result if wants_scores else (result, None)
        return ops.squeeze(out, 2), None if scores is None else ops.squeeze(scores, 1)

    def _calculate_scores(self, query, key):
        """The scores, of shape (batch, queries, keys)."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        both = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        if self.scale is not None:
            both = both * self.scale
        return ops.sum(ops.tanh(both), -1) * self.concat_score_weight

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[0]

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(self, inputs, *args, **kwargs):
        if kwargs.get("return_attention_scores"):  # two outputs: a trial call tells their shapes
            return self._try_call(inputs, args, kwargs)
        return super().compute_output_spec(inputs, *args, **kwargs)

    def _check(self, inputs: Any, mask: Any = None) -> None:
        """ValueError unless inputs and mask are lists of the right length."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) not in (2, 3):
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}) must be called on a list [query, "
                f"value] or [query, value, key]. Received: {type(inputs).__name__}"
                + (f" of {len(inputs)}" if isinstance(inputs, (list, tuple)) else "")
            )
        if mask is not None and (not isinstance(mask, (list, tuple)) or len(mask) not in (2, 3)):
            raise ValueError(
                f"Layer '{self.name}' ({type(self).__name__}): `mask` must be a list [query_mask, "
                f"value_mask]. Received: {type(mask).__name__}"
            )

    def get_config(self):
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }
