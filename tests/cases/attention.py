"""Cases of attention: all masks, grouped heads, sizes below and beyond one tile and one vector."""

from minidl import ops

from tests.cases.case import Case

# batch, queries, keys, heads, key heads, dim, value dim; causal, shape of bias, shape of mask, rate
SHAPES = {
    "one": (1, 1, 1, 1, 1, 1, 1, False, None, None, 0.0),
    "plain": (2, 5, 7, 2, 2, 4, 3, False, None, None, 0.0),
    "wide_head": (1, 3, 4, 1, 1, 33, 18, False, None, None, 0.0),
    "grouped": (2, 4, 3, 6, 2, 3, 5, False, None, None, 0.0),
    "one_key_head": (1, 3, 5, 4, 1, 2, 2, True, None, None, 0.0),
    "causal": (2, 6, 6, 2, 1, 3, 3, True, None, None, 0.0),
    "causal_more_keys": (1, 4, 9, 2, 2, 3, 4, True, None, None, 0.0),
    "causal_more_queries": (1, 9, 4, 2, 2, 3, 4, True, None, None, 0.0),
    "key_padding": (3, 4, 6, 2, 2, 4, 4, False, None, (3, 1, 1, 6), 0.0),
    "query_mask": (2, 5, 4, 2, 2, 3, 3, False, None, (2, 1, 5, 1), 0.0),
    "full_mask": (2, 4, 5, 2, 2, 3, 2, False, None, (2, 2, 4, 5), 0.0),
    "bias": (2, 3, 5, 2, 2, 4, 3, False, (2, 2, 3, 5), None, 0.0),
    "bias_of_keys": (2, 3, 5, 2, 1, 4, 3, True, (1, 1, 1, 5), None, 0.0),
    "bias_of_heads": (2, 3, 4, 4, 2, 2, 3, False, (1, 4, 1, 4), None, 0.0),
    "bias_and_mask": (1, 5, 6, 2, 2, 3, 3, True, (1, 2, 1, 6), (1, 1, 5, 6), 0.0),
    "dropout": (2, 5, 7, 2, 1, 3, 3, False, None, None, 0.4),
    "dropout_of_all": (2, 4, 6, 2, 2, 3, 2, True, (2, 1, 4, 6), (1, 2, 1, 6), 0.25),
}
LARGE = {
    "bias_of_queries": (2, 3, 4, 4, 2, 2, 3, False, (1, 4, 3, 1), None, 0.0),
    "two_tiles": (1, 100, 300, 2, 1, 20, 17, False, None, None, 0.0),
    "causal_tiles": (2, 150, 150, 1, 1, 8, 8, True, None, None, 0.0),
    "causal_long": (1, 80, 600, 2, 2, 5, 3, True, None, None, 0.0),
    "many_heads": (3, 75, 40, 8, 8, 9, 9, True, None, (3, 1, 1, 40), 0.0),
    "masked_tiles": (1, 90, 530, 2, 1, 6, 70, False, None, (1, 1, 90, 530), 0.1),
    "head_256": (1, 20, 40, 1, 1, 256, 200, False, (1, 1, 20, 40), None, 0.0),
}


def _scale(dim):
    return dim**-0.5


def _inputs(g, shape):
    batch, queries, keys, heads, key_heads, dim, value_dim, causal, bias, mask, rate = shape
    n = g.n(batch)
    arrays = (
        g.normal(n, queries, heads, dim),
        g.normal(n, keys, key_heads, dim),
        g.normal(n, keys, key_heads, value_dim),
        None if bias is None else g.normal(min(n, bias[0]), *bias[1:]),
        None if mask is None else g.rng.random((min(n, mask[0]), *mask[1:])) < 0.6,
    )
    return (*arrays, _scale(dim), causal, rate, 11)


def _op(query, key, value, bias, mask, scale, causal, rate=0.0, seed=0):
    return ops.dot_product_attention(
        query, key, value, bias, mask, scale, causal, dropout_rate=rate, seed=seed
    )


def _scores_op(query, key, value, bias, mask, scale, causal, rate=0.0, seed=0):
    return ops.dot_product_attention(
        query,
        key,
        value,
        bias,
        mask,
        scale,
        causal,
        None,
        2.0,
        dropout_rate=rate,
        seed=seed,
        return_attention_scores=True,
    )


def _gradient(g, shape):
    """The gradient's arguments; out and log_sum as the forward pass leaves them."""
    from tests.references.attention import dot_product_attention

    args = _inputs(g, shape)
    out, log_sum = dot_product_attention(*args)
    return g.normal(*out.shape), *args[:5], g.array(out), g.array(log_sum), *args[5:]


def _cases():
    for name, shape in {**SHAPES, **LARGE}.items():
        checked = {"op": _op, "wrt": (0, 1, 2) if shape[8] is None else (0, 1, 2, 3)}
        yield Case(
            "dot_product_attention",
            name,
            lambda g, s=shape: _inputs(g, s),
            terms=shape[2] + shape[5],
            **(checked if name in SHAPES else {}),
        )
        yield Case(
            "dot_product_attention_grad",
            name,
            lambda g, s=shape: _gradient(g, s),
            terms=shape[1] + shape[2] + shape[5] + shape[6],
        )
    for name in ("plain", "grouped", "bias_and_mask", "dropout_of_all"):
        shape = SHAPES[name]
        yield Case(
            "",
            f"attention_scores_{name}",
            lambda g, s=shape: _inputs(g, s),
            op=_scores_op,
            wrt=(0, 1, 2) if shape[8] is None else (0, 1, 2, 3),
        )


CASES = list(_cases())
