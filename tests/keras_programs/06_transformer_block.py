"""A Transformer encoder block with token and position embeddings, classifying sequences."""

import keras
import numpy as np
from keras import layers


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, length, vocabulary, dim, **kwargs):
        super().__init__(**kwargs)
        self.tokens = layers.Embedding(vocabulary, dim)
        self.positions = layers.Embedding(length, dim)

    def call(self, x):
        length = keras.ops.shape(x)[-1]
        return self.tokens(x) + self.positions(keras.ops.arange(0, length, 1))


class TransformerBlock(layers.Layer):
    def __init__(self, dim, heads, hidden, rate=0.0, **kwargs):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(num_heads=heads, key_dim=dim // heads)
        self.feed_forward = keras.Sequential(
            [layers.Dense(hidden, activation="gelu"), layers.Dense(dim)]
        )
        self.norm1 = layers.LayerNormalization(epsilon=1e-6)
        self.norm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, x, training=None):
        y = self.dropout1(self.attention(x, x), training=training)
        x = self.norm1(x + y)
        y = self.dropout2(self.feed_forward(x), training=training)
        return self.norm2(x + y)


def build():
    inputs = layers.Input(shape=(14,), dtype="int32")
    x = TokenAndPositionEmbedding(14, 30, 16)(inputs)
    x = TransformerBlock(16, 4, 32)(x)
    x = layers.GlobalAveragePooling1D()(x)
    outputs = layers.Dense(4)(x)
    return keras.Model(inputs, outputs)


def run(model):
    rng = np.random.default_rng(5)
    x = rng.integers(0, 30, (32, 14))
    y = x[:, 0] % 4
    model.compile(
        optimizer=keras.optimizers.AdamW(1e-3, weight_decay=0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="right")],
    )
    history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return {"history": history.history, "predict": model.predict(x, verbose=0)}


if __name__ == "__main__":
    print(run(build()))
