"""The models of W1 to W7, and what they are given: written once, for all libraries.

Each is saved in Keras's format; what reads that format runs the very same weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import minidl
import numpy as np
from minidl import layers

from bench import rows_models, rows_sequences, rows_training


@dataclass(frozen=True)
class Work:
    """One model with one batch.

    make: the model. train, predict: which of the two is measured. batch: how many samples.
    """

    make: Callable[[], Any]
    batch: int
    train: bool = True
    predict: bool = True

    def arrays(self, model) -> tuple[list[np.ndarray], np.ndarray]:
        """Inputs and labels (numbers of classes) or images."""
        rng = np.random.default_rng(0)
        inputs = [_input(rng, tensor, self.batch) for tensor in model.inputs]
        shape = model.output_shape[1:]
        if len(shape) == 3:
            return inputs, rng.uniform(-1, 1, (self.batch, *shape)).astype(np.float32)
        return inputs, rng.integers(0, shape[0], self.batch).astype(np.int32)


def _input(rng, tensor, batch):
    shape = tuple(tensor.shape[1:])
    if np.dtype(tensor.dtype).kind == "f":
        return rng.standard_normal((batch, *shape)).astype(np.float32)
    if tensor.name.startswith("positions"):
        return np.tile(np.arange(shape[0], dtype=np.int32), (batch, 1))
    return rng.integers(0, rows_sequences.VOCABULARY, (batch, *shape)).astype(np.int32)


def _sequential(make_layers):
    def make():
        minidl.set_random_seed(1)
        return minidl.Sequential(make_layers())

    return make


def _lstm():
    return [
        layers.Input((rows_sequences.LENGTH, 128)),
        layers.LSTM(128, return_sequences=True),
        layers.LSTM(128),
        layers.Dense(rows_sequences.CLASSES),
    ]


def _encoder():
    """`rows_sequences.Encoder` as a graph; the positions come as a second input."""
    s = rows_sequences
    minidl.set_random_seed(1)
    ids = layers.Input((s.LENGTH,), dtype="int32", name="ids")
    positions = layers.Input((s.LENGTH,), dtype="int32", name="positions")
    tokens = layers.Embedding(s.VOCABULARY, s.WIDTH, name="tokens")(ids)
    x = layers.Add()([tokens, layers.Embedding(s.LENGTH, s.WIDTH, name="places")(positions)])
    mixed = layers.MultiHeadAttention(s.HEADS, s.WIDTH // s.HEADS, name="attention")(x, x)
    x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, mixed]))
    inner = layers.Dense(s.INNER, activation="relu", name="inner")(x)
    outer = layers.Dense(s.WIDTH, name="outer")(inner)
    x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, outer]))
    x = layers.GlobalAveragePooling1D()(x)
    return minidl.Model([ids, positions], layers.Dense(s.CLASSES, name="logits")(x))


WORKS = {
    "W1 dense": Work(_sequential(rows_training._dense_layers), 64),
    "W2 CNN": Work(_sequential(rows_training._cnn_layers), 64),
    "W3 ResNet50": Work(rows_models._resnet, 8),
    "W4 LSTM": Work(_sequential(_lstm), 64, predict=False),
    "W5 Transformer": Work(_encoder, 32, predict=False),
    "W6 GAN generator": Work(rows_models._generator, 64, predict=False),
    "W7 InceptionV3": Work(rows_models._inception, 4, train=False),
}
