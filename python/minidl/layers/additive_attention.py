"""AdditiveAttention: scores are a sum of tanh(query + key)."""

from __future__ import annotations

from .. import ops
from .attention import Attention


class AdditiveAttention(Attention):
    """Additive attention, as Bahdanau has it.

    Its scores need all pairs of query and key, so memory grows with the product of the lengths.

    Args:
        use_scale: Whether a trainable vector multiplies the features before their sum. Defaults
            to True.
        dropout: Share of the attention weights dropped in training, in [0, 1).
        **kwargs: `seed`, `name`, `dtype`, `trainable`.

    Call arguments: as those of `Attention`.

    Raises:
        ValueError: an argument is out of range, or the inputs are no list of two or three.

    Source: `keras.layers.AdditiveAttention`; Bahdanau et al. 2015.

    >>> import minidl
    >>> x = minidl.ops.ones((2, 3, 4))
    >>> minidl.layers.AdditiveAttention()([x, x]).shape
    (2, 3, 4)
    """

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        super().__init__(use_scale=use_scale, score_mode="concat", dropout=dropout, **kwargs)

    def build(self, input_shape):
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(
                name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform"
            )

    def _calculate_scores(self, query, key):
        both = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(both if self.scale is None else both * self.scale, -1)

    def get_config(self):
        config = super().get_config()
        del config["score_mode"]
        return config
