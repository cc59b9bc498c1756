"""GroupQueryAttention: several query heads share each head of keys and values."""

from __future__ import annotations

from ._attention_heads import AttentionHeads, check_times
from ._common import positive


class GroupQueryAttention(AttentionHeads):
    """Attention with fewer heads of keys and values than of queries.

    Keys and values are never repeated: the kernel reads each head for all queries it serves.

    Args:
        head_dim: Size of each head.
        num_query_heads: Number of heads of queries.
        num_key_value_heads: Number of heads of keys and values, a divisor of that.
        dropout: Share of the attention weights dropped in training, in [0, 1).
        use_bias: Whether the projections have biases. Defaults to True.
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

    Call arguments: as those of `MultiHeadAttention`.

    Raises:
        ValueError: an argument is out of range, or shapes do not fit.

    Source: `keras.layers.GroupQueryAttention`; Ainslie et al. 2023.

    >>> import minidl
    >>> layer = minidl.layers.GroupQueryAttention(4, num_query_heads=6, num_key_value_heads=2)
    >>> x = minidl.ops.ones((3, 5, 8))
    >>> layer(x, x).shape
    (3, 5, 8)
    """

    _keras_class = "GroupedQueryAttention"

    def __init__(
        self,
        head_dim,
        num_query_heads,
        num_key_value_heads,
        dropout=0.0,
        use_bias=True,
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
        self_heads = positive(num_query_heads, "num_query_heads")
        key_heads = positive(num_key_value_heads, "num_key_value_heads")
        if self_heads % key_heads:
            raise ValueError(
                "`num_query_heads` must be a multiple of `num_key_value_heads`. "
                f"Received: num_query_heads={self_heads}, num_key_value_heads={key_heads}"
            )
        head_dim = positive(head_dim, "head_dim")
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
        self.head_dim = head_dim
        self.num_query_heads = self_heads
        self.num_key_value_heads = key_heads
        self.dropout = self._rate
        self.use_bias = use_bias

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        check_times(self, value_shape, key_shape)
        if len(query_shape) != 3 or len(value_shape) != 3:
            raise ValueError(
                f"Layer '{self.name}' (GroupQueryAttention) expects (batch, time, features). "
                f"Received: query of shape {tuple(query_shape)}, value of shape "
                f"{tuple(value_shape)}"
            )
        self._build_heads(
            query_shape,
            value_shape,
            key_shape,
            self.num_query_heads,
            self.num_key_value_heads,
            self.head_dim,
            self.head_dim,
            (query_shape[-1],),
        )

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        check_times(self, value_shape, value_shape if key_shape is None else key_shape)
        return tuple(query_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "head_dim": self.head_dim,
            "num_query_heads": self.num_query_heads,
            "num_key_value_heads": self.num_key_value_heads,
            **self._shared_config(),
        }
