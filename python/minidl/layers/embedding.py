"""Embedding: a trainable row for each index."""

from __future__ import annotations

import numpy as np

from .. import constraints, initializers, ops, regularizers
from ._common import positive, refuse
from .layer import Layer


class Embedding(Layer):
    """Turns indices into rows of a trainable table.

    Args:
        input_dim: Number of rows; the indices lie in [0, input_dim).
        output_dim: Length of a row.
        embeddings_initializer: Defaults to `"uniform"`.
        embeddings_regularizer: Penalty on the table.
        embeddings_constraint: Condition on the table.
        mask_zero: Whether index 0 stands for padding: the output then carries a mask.
        weights: Array of shape `(input_dim, output_dim)` to start from, or a list of it.
        **kwargs: `name`, `dtype`, `trainable`, `input_shape`.

    Input shape: `(batch, ...)`, integers (floats are truncated, as in Keras). Output shape:
    `(batch, ..., output_dim)`.

    Raises:
        ValueError: a dimension is no positive integer, or an index lies outside the table.

    Source: `keras.layers.Embedding`.

    >>> import minidl
    >>> layer = minidl.layers.Embedding(3, 2, weights=[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    >>> layer([[1, 2]]).numpy()
    array([[[1., 2.],
            [3., 4.]]], dtype=float32)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        input_dim, output_dim = positive(input_dim, "input_dim"), positive(output_dim, "output_dim")
        refuse("Embedding", lora_rank=lora_rank, quantization_config=quantization_config)
        kwargs.pop("input_length", None)  # of Keras 2, without effect
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = bool(mask_zero)
        self.supports_masking = self.mask_zero
        self.embeddings = None
        if weights is not None:
            self.build()
            one = isinstance(weights, (list, tuple)) and len(weights) == 1
            self.set_weights(
                list(weights) if one and np.ndim(weights[0]) == 2 else [np.asarray(weights)]
            )

    def build(self, input_shape=None):
        if self.built:
            return
        self.embeddings = self.add_weight(
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs):
        if inputs.dtype.kind not in "iu":
            inputs = ops.cast(inputs, "int32")
        try:
            return ops.embedding(self.embeddings, inputs)
        except IndexError as error:
            raise ValueError(
                f"Layer '{self.name}' (Embedding) has rows for the indices 0 to "
                f"{self.input_dim - 1}: {error}"
            ) from None

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
        }
