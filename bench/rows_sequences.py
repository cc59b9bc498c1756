"""Whole training steps of sequence models: recurrent (W4) and a Transformer encoder (W5)."""

import minidl
import numpy as np
from minidl import layers, ops

from bench.peers import torch
from bench.rows import Row, aligned
from bench.timing import Call

LENGTH = 100
HEADS, WIDTH, INNER, VOCABULARY, CLASSES = 8, 512, 2048, 10_000, 10


def _step(model, optimizer, loss_of, x, y):
    variables = model.trainable_variables

    def step():
        with minidl.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step


def _their_step(network, x, y):
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, eps=1e-7, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def their_lstm(model):
    """PyTorch's network of two LSTM and a dense layer, with the weights of ours."""
    inputs, units = model.input_shape[-1], model.layers[-2].units

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(inputs, units, 2, batch_first=True)
            self.dense = torch.nn.Linear(units, CLASSES)

        def forward(self, x):
            return self.dense(self.lstm(x)[0][:, -1])

    network = Network()
    with torch.no_grad():
        weights = [torch.from_numpy(w) for w in model.get_weights()]
        for k in range(2):
            kernel, recurrent, bias = weights[3 * k : 3 * k + 3]
            getattr(network.lstm, f"weight_ih_l{k}").copy_(kernel.T)
            getattr(network.lstm, f"weight_hh_l{k}").copy_(recurrent.T)
            getattr(network.lstm, f"bias_ih_l{k}").copy_(bias)
            getattr(network.lstm, f"bias_hh_l{k}").zero_()
        network.dense.weight.copy_(weights[-2].T)
        network.dense.bias.copy_(weights[-1])
    return network


def _lstm():
    """Two LSTM(128) over 100 steps of 128 values, batch 64, and a dense layer."""
    batch, inputs, units = 64, 128, 128

    def build():
        rng = np.random.default_rng(0)
        x = aligned(rng.standard_normal((batch, LENGTH, inputs)).astype(np.float32))
        y = rng.integers(0, CLASSES, batch)
        minidl.set_random_seed(1)
        model = minidl.Sequential(
            [
                layers.Input((LENGTH, inputs)),
                layers.LSTM(units, return_sequences=True),
                layers.LSTM(units),
                layers.Dense(CLASSES),
            ]
        )
        loss_of = minidl.losses.SparseCategoricalCrossentropy(from_logits=True)
        ours = _step(model, minidl.optimizers.Adam(1e-3), loss_of, x, y)
        calls = {}
        if torch:
            network = their_lstm(model)
            step = _their_step(network, torch.from_numpy(x), torch.from_numpy(y))
            calls["torch"] = Call(step, lambda loss: [loss.detach().numpy()])
        calls["minidl"] = Call(ours, lambda loss: [loss.numpy()])
        return calls

    return Row("W4 two LSTM(128) T100 batch 64 train", build, target=2.0)


class Encoder(minidl.Model):
    """Embedding, learned positions, one encoder block (norm after), mean over time, classes."""

    def __init__(self):
        super().__init__()
        self.tokens = layers.Embedding(VOCABULARY, WIDTH)
        self.positions = layers.Embedding(LENGTH, WIDTH)
        self.attention = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
        self.norm1, self.norm2 = (layers.LayerNormalization(epsilon=1e-5) for _ in range(2))
        self.inner = layers.Dense(INNER, activation="relu")
        self.outer = layers.Dense(WIDTH)
        self.logits = layers.Dense(CLASSES)

    def call(self, ids, training=None):
        x = self.tokens(ids) + self.positions(np.arange(LENGTH))
        x = self.norm1(x + self.attention(x, x))
        x = self.norm2(x + self.outer(self.inner(x)))
        return self.logits(ops.mean(x, axis=1))


def their_encoder(model):
    nn = torch.nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = (
                nn.Embedding(VOCABULARY, WIDTH),
                nn.Embedding(LENGTH, WIDTH),
            )
            self.block = nn.TransformerEncoderLayer(
                WIDTH, HEADS, INNER, dropout=0.0, batch_first=True
            )
            self.logits = nn.Linear(WIDTH, CLASSES)

        def forward(self, ids, positions=None):  # the positions are known
            x = self.tokens(ids) + self.positions(torch.arange(LENGTH))
            return self.logits(self.block(x).mean(1))

    network = Network()
    block = network.block
    attention = model.attention.get_weights()  # query, key, value, output: kernel and bias each
    kernels = [torch.from_numpy(w.reshape(WIDTH, WIDTH)) for w in attention[::2]]
    biases = [torch.from_numpy(w.reshape(WIDTH)) for w in attention[1::2]]
    with torch.no_grad():
        block.self_attn.in_proj_weight.copy_(torch.cat([k.T for k in kernels[:3]]))
        block.self_attn.in_proj_bias.copy_(torch.cat(biases[:3]))
        block.self_attn.out_proj.weight.copy_(kernels[3].T)
        block.self_attn.out_proj.bias.copy_(biases[3])
        for theirs, ours in (
            (block.linear1, model.inner),
            (block.linear2, model.outer),
            (network.logits, model.logits),
        ):
            kernel, bias = ours.get_weights()
            theirs.weight.copy_(torch.from_numpy(kernel.T))
            theirs.bias.copy_(torch.from_numpy(bias))
        network.tokens.weight.copy_(torch.from_numpy(model.tokens.get_weights()[0]))
        network.positions.weight.copy_(torch.from_numpy(model.positions.get_weights()[0]))
    return network


def _encoder():
    """One block of width 512, 8 heads, inner width 2048; 32 sequences of 100 tokens of 10,000."""
    batch = 32

    def build():
        rng = np.random.default_rng(0)
        ids = rng.integers(0, VOCABULARY, (batch, LENGTH))
        y = rng.integers(0, CLASSES, batch)
        minidl.set_random_seed(1)
        model = Encoder()
        model(ids)
        calls = {}
        if torch:
            network = their_encoder(model)
            step = _their_step(network, torch.from_numpy(ids), torch.from_numpy(y))
            calls["torch"] = Call(step, lambda loss: [loss.detach().numpy()])
        loss_of = minidl.losses.SparseCategoricalCrossentropy(from_logits=True)
        ours = _step(model, minidl.optimizers.Adam(1e-3), loss_of, ids, y)
        return {"minidl": Call(ours, lambda loss: [loss.numpy()]), **calls}

    return Row("W5 Transformer encoder d512 S100 batch 32 train", build, target=2.0)


ROWS = [_lstm(), _encoder()]
