"""Item 29: a Transformer with encoder and decoder learns to reverse sequences.

Beyond the usual drawing it takes two things: masks (padding is seen by nobody, and no token sees
those behind it) and positions (attention alone would not tell one order from another). Decoding
is greedy or sampled, token by token; a cache of keys and values saves computing the past again,
and gives the same answers.

    python examples/29_transformer.py
"""

import time

import minidl
import numpy as np
from minidl import layers, ops

PAD, START, END, FIRST, VOCABULARY = 0, 1, 2, 3, 16
LONGEST = 8


def batch_of(rng, size):
    """Random sequences of 2 to LONGEST symbols, and the same reversed; END and padding behind."""
    source = np.full((size, LONGEST + 1), PAD)
    target = source.copy()
    for row in range(size):
        symbols = rng.integers(FIRST, VOCABULARY, rng.integers(2, LONGEST + 1))
        n = len(symbols)
        source[row, : n + 1] = [*symbols, END]
        target[row, : n + 1] = [*symbols[::-1], END]
    return source, target


def shifted(target):
    """What the decoder may know: START, then all but the last token."""
    return np.concatenate([np.full((len(target), 1), START), target[:, :-1]], 1)


class Embed(minidl.Layer):
    """Tokens and their positions."""

    def __init__(self, dim):
        super().__init__()
        self.tokens = layers.Embedding(VOCABULARY, dim)
        self.places = layers.Embedding(LONGEST + 1, dim)

    def call(self, ids, start=0):
        places = np.arange(start, start + ids.shape[1])
        return self.tokens(ids) + self.places(places)


class FeedForward(minidl.Layer):
    """Two dense layers for each token."""

    def __init__(self, dim):
        super().__init__()
        self.inside, self.outside = layers.Dense(2 * dim, "relu"), layers.Dense(dim)

    def call(self, x):
        return self.outside(self.inside(x))


class EncoderBlock(minidl.Layer):
    """Attention among the source's tokens, then a net for each; both added to what comes in."""

    def __init__(self, dim, heads):
        super().__init__()
        self.norms = [layers.LayerNormalization() for _ in range(2)]
        self.attention = layers.MultiHeadAttention(heads, dim // heads)
        self.net = FeedForward(dim)

    def call(self, x, seen):
        h = self.norms[0](x)
        x = x + self.attention(h, h, value_mask=seen)
        return x + self.net(self.norms[1](x))


class Cache:
    """Keys and values that one attention layer has seen, one decoding step after the other."""

    def __init__(self):
        self.keys = self.values = None

    def attend(self, layer, query, more=None, mask=None):
        """What `layer` gives for the query, once `more` has joined its keys and values."""
        if more is not None:
            keys, values = layer.key_dense(more), layer.value_dense(more)
            if self.keys is not None:
                keys = ops.concatenate([self.keys, keys], 1)
                values = ops.concatenate([self.values, values], 1)
            self.keys, self.values = keys, values
        heads = ops.dot_product_attention(
            layer.query_dense(query), self.keys, self.values, mask=mask
        )
        return layer.output_dense(heads)


class DecoderBlock(minidl.Layer):
    """Attention among the tokens so far, attention to the source, then a net for each token."""

    def __init__(self, dim, heads):
        super().__init__()
        self.norms = [layers.LayerNormalization() for _ in range(3)]
        self.own = layers.MultiHeadAttention(heads, dim // heads)
        self.cross = layers.MultiHeadAttention(heads, dim // heads)
        self.net = FeedForward(dim)

    def call(self, x, memory, seen):
        h = self.norms[0](x)
        x = x + self.own(h, h, use_causal_mask=True)
        x = x + self.cross(self.norms[1](x), memory, value_mask=seen)
        return x + self.net(self.norms[2](x))

    def step(self, x, memory, seen, caches):
        """The same for one more token; the caches know the ones before it."""
        own, cross = caches
        h = self.norms[0](x)
        x = x + own.attend(self.own, h, h)
        more = memory if cross.keys is None else None  # the source is projected once
        x = x + cross.attend(self.cross, self.norms[1](x), more, seen[:, None, None])
        return x + self.net(self.norms[2](x))


class Transformer(minidl.Model):
    """From source ids, and the target ids so far, to logits of the next token."""

    def __init__(self, dim=64, heads=4, blocks=2):
        super().__init__()
        self.source, self.target = Embed(dim), Embed(dim)
        self.encoder = [EncoderBlock(dim, heads) for _ in range(blocks)]
        self.decoder = [DecoderBlock(dim, heads) for _ in range(blocks)]
        self.norms = [layers.LayerNormalization() for _ in range(2)]
        self.logits = layers.Dense(VOCABULARY)

    def encode(self, source):
        """The source as the decoder sees it, and where it is no padding."""
        seen = source != PAD
        x = self.source(source)
        for block in self.encoder:
            x = block(x, seen)
        return self.norms[0](x), seen

    def decode(self, target, memory, seen):
        """Logits behind every token of the target."""
        x = self.target(target)
        for block in self.decoder:
            x = block(x, memory, seen)
        return self.logits(self.norms[1](x))

    def step(self, token, place, memory, seen, caches):
        """Logits behind one token, the past of which lies in the caches."""
        x = self.target(token, start=place)
        for block, pair in zip(self.decoder, caches, strict=True):
            x = block.step(x, memory, seen, pair)
        return self.logits(self.norms[1](x))

    def call(self, source, target):
        return self.decode(target, *self.encode(source))


def train(model, steps, rng, batch=64):
    """Adam on random batches; the loss leaves padding out."""
    schedule = minidl.optimizers.schedules.CosineDecay(
        1e-4, steps, warmup_target=2e-3, warmup_steps=steps // 10
    )
    optimizer = minidl.optimizers.Adam(schedule, global_clipnorm=1.0)
    for step in range(steps):
        source, target = batch_of(rng, batch)
        weight = (target != PAD).astype(np.float32)
        with minidl.GradientTape() as tape:
            losses = ops.softmax_cross_entropy(model(source, shifted(target)), target)
            loss = ops.sum(losses * (weight / weight.sum()))
        weights = model.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        if step % (steps // 8) == 0:
            print(f"step {step:4d}  loss {float(loss):.4f}")
    return float(loss)


def generate(model, source, cached=True, temperature=0.0, seed=0):
    """Tokens one after the other: the likeliest, or at a temperature, drawn by their chances."""
    rng = np.random.default_rng(seed)
    memory, seen = model.encode(source)
    caches = [(Cache(), Cache()) for _ in model.decoder]
    tokens = np.full((len(source), 1), START)
    ended = np.zeros(len(source), bool)
    logits = []
    for place in range(LONGEST + 1):
        if cached:
            last = model.step(tokens[:, -1:], place, memory, seen, caches)
        else:
            last = model.decode(tokens, memory, seen)
        logits.append(last.numpy()[:, -1])
        if temperature:
            chances = ops.softmax(logits[-1] / temperature).numpy().astype(float)
            draws = rng.random((len(source), 1)) * chances.sum(-1, keepdims=True)
            chosen = (chances.cumsum(-1) < draws).sum(-1)
        else:
            chosen = logits[-1].argmax(-1)
        chosen = np.where(ended, PAD, chosen)
        ended |= chosen == END
        tokens = np.concatenate([tokens, chosen[:, None]], 1)
    return tokens[:, 1:], np.stack(logits, 1)


def main(steps=600, sequences=500):
    """Train, decode in four ways, and tell how well that went."""
    minidl.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    model = Transformer()
    begun = time.perf_counter()
    loss = train(model, steps, rng)
    figures = {"loss": loss, "seconds": time.perf_counter() - begun}
    source, target = batch_of(rng, sequences)
    for name, temperature in (("greedy", 0.0), ("sampled", 0.7)):
        tokens, logits = generate(model, source, True, temperature)
        again, slow_logits = generate(model, source, False, temperature)
        figures[f"{name} right"] = float((tokens == target).all(1).mean())
        figures[f"{name} same without cache"] = bool((tokens == again).all())
        figures[f"{name} difference"] = float(np.abs(logits - slow_logits).max())
    for name, value in figures.items():
        print(f"{name:26} {value}")
    return figures


if __name__ == "__main__":
    main()
