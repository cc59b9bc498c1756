"""MultiHeadAttention: several projections of the inputs attend side by side."""

from __future__ import annotations

import math

import numpy as np

from .. import ops
from ._attention_heads import AttentionHeads, check_times
from ._common import positive
from .einsum_dense import EinsumDense


class MultiHeadAttention(AttentionHeads):
    """Attention of queries to keys and values in several heads.

    Each projection is one matrix product, and attention is computed in tiles: memory grows with
    the lengths, not with their product, except where scores are asked for.

    Args:
        num_heads: Number of heads.
        key_dim: Size of each head of queries and keys.
        value_dim: Size of each head of values; None for `key_dim`.
        dropout: Share of the attention weights dropped in training, in [0, 1).
        use_bias: Whether the projections have biases. Defaults to True.
        output_shape: Shape of the output behind batch and time; None for the queries' last axis.
        attention_axes: Axes attended over; None for all but batch and features.
        sliding_window: A query sees keys less than so many steps away; None for all.
        flash_attention: Accepted as in Keras; attention is always computed in tiles.
        kernel_initializer: Defaults to `"glorot_uniform"`.
        bias_initializer: Defaults to `"zeros"`.
        kernel_regularizer: Penalty on the kernels.
        bias_regularizer: Penalty on the biases.
        activity_regularizer: Penalty on what each projection gives.
        kernel_constraint: Condition on the kernels.
        bias_constraint: Condition on the biases.
        use_gate: Whether a sigmoid projection of the query multiplies the heads' results.
        seed: Integer for dropout, or None for the global seed.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: `(batch, queries, features)`.
        value: `(batch, keys, features)`.
        key: `(batch, keys, features)`; None for `value`.
        query_mask, value_mask, key_mask: Bools `(batch, time)`, False for padding; taken from the
            inputs where they carry masks. A query that is padding, or sees no key, attends to
            nothing: the heads give zeros there (Keras gives the mean of all values).
        attention_mask: Bools `(batch, queries, keys)` or `(batch, heads, queries, keys)`.
        return_attention_scores: Whether the weights are returned too, of shape `(batch, heads,
            queries, keys)`.
        training: Whether weights are dropped.
        use_causal_mask: Whether query i sees the keys up to i only.

    Raises:
        ValueError: an argument is out of range, or shapes do not fit.

    Source: `keras.layers.MultiHeadAttention`; Vaswani et al. 2017.

    >>> import minidl
    >>> layer = minidl.layers.MultiHeadAttention(num_heads=2, key_dim=4)
    >>> x = minidl.ops.ones((3, 5, 8))
    >>> layer(x, x, use_causal_mask=True).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        num_heads, key_dim = positive(num_heads, "num_heads"), positive(key_dim, "key_dim")
        value_dim = key_dim if value_dim is None else positive(value_dim, "value_dim")
        if output_shape is not None:
            whole = isinstance(output_shape, (int, np.integer))
            sizes = (output_shape,) if whole else tuple(output_shape)
            output_shape = tuple(positive(n, "output_shape") for n in sizes) or None
        if isinstance(attention_axes, int):
            attention_axes = (attention_axes,)
        if attention_axes is not None and not isinstance(attention_axes, (list, tuple)):
            raise ValueError(
                "`attention_axes` must be None, an integer or a list of integers. "
                f"Received: attention_axes={attention_axes!r}"
            )
        super().__init__(
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
        )
        self._num_heads = num_heads
        self._key_dim = key_dim
        self._value_dim = value_dim
        self._output_shape = output_shape
        self._attention_axes = attention_axes

    @property
    def num_heads(self) -> int:
        """Number of heads."""
        return self._num_heads

    @property
    def key_dim(self) -> int:
        """Size of each head of queries and keys."""
        return self._key_dim

    @property
    def value_dim(self) -> int:
        """Size of each head of values."""
        return self._value_dim

    @property
    def dropout(self) -> float:
        """Share of the attention weights dropped in training."""
        return self._rate

    @property
    def use_bias(self) -> bool:
        """Whether the projections have biases."""
        return self._use_bias

    @property
    def attention_axes(self):
        """Axes attended over."""
        return self._attention_axes

    @property
    def query_dense(self) -> EinsumDense:
        """The projection of the queries."""
        return self._query_dense

    @property
    def key_dense(self) -> EinsumDense:
        """The projection of the keys."""
        return self._key_dense

    @property
    def value_dense(self) -> EinsumDense:
        """The projection of the values."""
        return self._value_dense

    @property
    def output_dense(self) -> EinsumDense:
        """The projection of all heads' results."""
        return self._output_dense

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        check_times(self, value_shape, key_shape)
        rank = len(query_shape)
        if rank < 3 or len(value_shape) != rank:
            raise ValueError(
                f"Layer '{self.name}' (MultiHeadAttention) expects (batch, time, ..., features). "
                f"Received: query of shape {tuple(query_shape)}, value of shape "
                f"{tuple(value_shape)}"
            )
        axes = self._attention_axes
        axes = range(1, rank - 1) if axes is None else [a if a >= 0 else a + rank for a in axes]
        if sorted(set(axes)) != list(axes) or not all(0 < a < rank - 1 for a in axes):
            raise ValueError(
                f"`attention_axes` must be axes between batch and features, in order. "
                f"Received: attention_axes={self._attention_axes}, query of shape "
                f"{tuple(query_shape)}"
            )
        self._attention_axes = tuple(axes)
        self._build_heads(
            query_shape,
            value_shape,
            key_shape,
            self._num_heads,
            self._num_heads,
            self._key_dim,
            self._value_dim,
            self._output_shape or (query_shape[-1],),
        )

    def _attend(self, query, key, value, mask, training, wants_scores, causal):
        if query.ndim == 4:
            return super()._attend(query, key, value, mask, training, wants_scores, causal)
        axes = self._attention_axes
        if len(axes) > 1 and (causal or self._window is not None):
            raise ValueError(
                f"Layer '{self.name}' (MultiHeadAttention): a causal mask and a sliding window "
                f"need one attention axis. Received: attention_axes={axes}"
            )
        # Other axes join the batch, those attended over become one.
        rest = [a for a in range(query.ndim - 2) if a not in axes]
        order = (*rest, *axes, query.ndim - 2, query.ndim - 1)
        lead = tuple(query.shape[a] for a in rest)
        times = [tuple(x.shape[a] for a in axes) for x in (query, key)]
        count = math.prod(lead)
        flat = [
            ops.reshape(ops.transpose(x, order), (count, -1, *x.shape[-2:]))
            for x in (query, key, value)
        ]
        if mask is not None:
            mask = self._flat_mask(mask, lead, *times)
        out, scores = super()._attend(*flat, mask, training, wants_scores, causal)
        out = ops.reshape(out, (*lead, *times[0], *out.shape[-2:]))
        out = ops.transpose(out, tuple(int(a) for a in np.argsort(order)))
        if scores is not None:
            scores = ops.reshape(scores, (*lead, self._num_heads, *times[0], *times[1]))
        return out, scores

    def _flat_mask(self, mask: np.ndarray, lead: tuple, queries: tuple, keys: tuple) -> np.ndarray:
        """A mask of (batch, ..., queries ..., keys ...) for the joined axes."""
        whole = (*lead, self._num_heads, *queries, *keys)
        while mask.ndim < len(whole):  # as Keras: from the axis of the heads on
            mask = np.expand_dims(mask, -2 * len(queries) - 1)
        heads = mask.shape[len(lead)]
        mask = np.broadcast_to(mask, (*lead, heads, *queries, *keys))
        return mask.reshape(math.prod(lead), heads, math.prod(queries), math.prod(keys))

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        check_times(self, value_shape, value_shape if key_shape is None else key_shape)
        return (*query_shape[:-1], *(self._output_shape or (query_shape[-1],)))

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self._num_heads,
            "key_dim": self._key_dim,
            "value_dim": self._value_dim,
            "output_shape": self._output_shape,
            "attention_axes": self._attention_axes,
            **self._shared_config(),
        }
