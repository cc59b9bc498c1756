"""Attention layers and the op behind them, as two matrix products and a softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import layers as L
from . import _activations
from ._graph import Value
from ._registry import layer, op


def masked_softmax(w, scores: Value, seen: Value | None) -> Value:
    """The softmax where `seen`, zeros elsewhere: also in a row of no key."""
    if seen is None:
        return _activations.softmax(w, scores)
    least = float(np.finfo(scores.dtype).min) / 2
    weights = _activations.softmax(w, w.where(seen, scores, least))
    return w.where(seen, weights, 0.0)


def causal_mask(w, scores: Value) -> Value:
    """True where a key is no later than the query."""
    queries, keys = scores.shape[-2:]
    if queries is not None and keys is not None:
        return w.const(np.tri(queries, keys, dtype=bool))
    rows = w.expand_dims(w.counting(scores, scores.ndim - 2), 1)
    return w.binary("GreaterOrEqual", rows, w.counting(scores, scores.ndim - 1), bool)


def both(w, first: Value | None, second: Value | None) -> Value | None:
    """Where both masks let through; None lets everything."""
    if first is None or second is None:
        return second if first is None else first
    return w.binary("And", first, second, bool)


def as_mask(w, mask: Any) -> Value | None:
    """A mask as bools."""
    return None if mask is None else w.cast(w.value(mask), bool)


def attend(w, query, key, value, mask, scale, causal, bias=None) -> tuple[Value, Value]:
    """Attention of (batch, time, heads, dim); the result alike, and the weights."""
    q, k, v = (w.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))
    heads, groups = q.shape[1], k.shape[1]
    if heads != groups:
        k, v = (_repeated(w, x, heads // groups) for x in (k, v))
    scores = w.matmul(q, w.transpose(k, (0, 1, 3, 2)))
    scores = w.binary("Mul", scores, float(scale))
    if bias is not None:
        scores = w.binary("Add", scores, bias)
    if causal:
        mask = both(w, mask, causal_mask(w, scores))
    weights = masked_softmax(w, scores, mask)
    return w.transpose(w.matmul(weights, v), (0, 2, 1, 3)), weights


def _repeated(w, x: Value, times: int) -> Value:
    n = x.shape[1]
    indices = w.const(np.repeat(np.arange(n), times), "int64")
    return w.node("Gather", [x, indices], (x.shape[0], n * times, *x.shape[2:]), axis=1)


@op("dot_product_attention")
def _dot_product_attention(
    w, query, key, value, bias=None, mask=None, scale=None, is_causal=False, flash_attention=None,
    attn_logits_soft_cap=None, dropout_rate=0.0, seed=None, return_attention_scores=False,
):  # fmt: skip
    if attn_logits_soft_cap is not None or dropout_rate:
        raise NotImplementedError(
            f"{w.scope}: dot_product_attention with a soft cap or dropout cannot be exported."
        )
    query, key, value = (w.value(x) for x in (query, key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    mask = as_mask(w, mask)
    out, weights = attend(w, query, key, value, mask, scale, is_causal, bias)
    return (out, weights) if return_attention_scores else out


# -- heads ----------------------------------------------------------------------------------------
@layer(L.MultiHeadAttention, L.GroupQueryAttention, floats=True)
def _heads(
    w, layer, query, value, key=None, query_mask=None, value_mask=None, key_mask=None,
    attention_mask=None, return_attention_scores=False, use_causal_mask=False,
):  # fmt: skip
    given_key = key
    key = value if key is None else key
    query_mask = as_mask(w, query.mask if query_mask is None else query_mask)
    value_mask = as_mask(w, value.mask if value_mask is None else value_mask)
    if key_mask is None and given_key is not None:
        key_mask = given_key.mask
    key_mask = as_mask(w, key_mask)
    mask = None
    for given in (value_mask, key_mask):
        mask = mask if given is None else both(w, mask, w.expand_dims(given, -2))
    attention_mask = as_mask(w, attention_mask)
    if mask is not None and attention_mask is not None and attention_mask.ndim > mask.ndim:
        mask = w.expand_dims(mask, 1)
    mask = both(w, mask, attention_mask)
    q, k, v = (
        w.call(dense, x)
        for dense, x in (
            (layer._query_dense, query),
            (layer._key_dense, key),
            (layer._value_dense, value),
        )
    )
    if layer._window is not None:
        mask = both(w, mask, _band(w, q, k, layer._window))
    if q.ndim == 4:
        if mask is not None and mask.ndim == 3:
            mask = w.expand_dims(mask, 1)
        out, weights = attend(w, q, k, v, mask, 1 / math.sqrt(q.shape[-1]), use_causal_mask)
    else:
        out = _over_axes(w, layer, q, k, v, mask, use_causal_mask)
        if return_attention_scores:
            raise NotImplementedError(
                f"Layer '{layer.name}' ({type(layer).__name__}) over several axes is exported to "
                "ONNX without its scores."
            )
        weights = None
    if query_mask is not None:
        out = w.where(w.expand_dims(query_mask, list(range(query_mask.ndim, out.ndim))), out, 0.0)
        if weights is not None:
            weights = w.where(w.expand_dims(query_mask, [1, 3]), weights, 0.0)
    if layer._use_gate:
        out = w.binary("Mul", out, w.call(layer._gate_dense, query))
    out = w.masked(w.call(layer._output_dense, out), query.mask)
    return (out, weights) if return_attention_scores else out


def _band(w, q: Value, k: Value, size: int) -> Value:
    """True where query and key are fewer than `size` steps apart."""
    rows = w.expand_dims(w.counting(q, 1), 1)
    apart = w.unary("Abs", w.binary("Sub", rows, w.counting(k, 1)))
    return w.expand_dims(w.binary("Less", apart, size, bool), 0)


def _over_axes(w, layer, q, k, v, mask, causal) -> Value:
    """Other axes join the batch, those attended over become one."""
    axes = layer._attention_axes
    if mask is not None or None in (*q.shape[1:], *k.shape[1:]):
        raise NotImplementedError(
            f"Layer '{layer.name}' ({type(layer).__name__}) over the axes {axes} can be exported "
            "to ONNX for known sizes and without masks only."
        )
    rest = [a for a in range(q.ndim - 2) if a not in axes]
    order = (*rest, *axes, q.ndim - 2, q.ndim - 1)

    def flat(x: Value) -> Value:
        x = w.transpose(x, order)
        time = math.prod(x.shape[len(rest) : -2])  # type: ignore[arg-type]
        return w.reshape(x, (None, time, *x.shape[-2:]))

    out, _ = attend(w, flat(q), flat(k), flat(v), None, 1 / math.sqrt(q.shape[-1]), causal)
    lead = [q.shape[a] for a in rest]
    times = [q.shape[a] for a in axes]
    out = w.reshape(out, (*lead, *times, *out.shape[-2:]))
    return w.transpose(out, np.argsort(order).tolist())


# -- without heads --------------------------------------------------------------------------------
@layer(L.Attention, L.AdditiveAttention, floats=True)
def _attention(w, layer, inputs, mask=None, return_attention_scores=False, use_causal_mask=False):
    query, value = inputs[:2]
    key = inputs[2] if len(inputs) > 2 else value
    if mask is None:
        mask = [x.mask for x in inputs]
    query_mask, value_mask = (as_mask(w, m) for m in mask[:2])
    seen = None if value_mask is None else w.expand_dims(value_mask, -2)
    scores = _scores(w, layer, query, key)
    if use_causal_mask:
        seen = both(w, seen, causal_mask(w, scores))
    weights = masked_softmax(w, scores, seen)
    out = w.matmul(weights, value)
    if query_mask is not None:
        out = w.where(w.expand_dims(query_mask, -1), out, 0.0)
    out = w.masked(out, query.mask)
    return (out, weights) if return_attention_scores else out


def _scores(w, layer, query: Value, key: Value) -> Value:
    if layer.score_mode == "dot":
        order = [*range(key.ndim - 2), key.ndim - 1, key.ndim - 2]
        scores = w.matmul(query, w.transpose(key, order))
        return scores if layer.scale is None else w.binary("Mul", scores, layer.scale)
    sums = w.binary("Add", w.expand_dims(query, -2), w.expand_dims(key, -3))
    if isinstance(layer, L.AdditiveAttention):
        sums = w.unary("Tanh", sums)
        sums = sums if layer.scale is None else w.binary("Mul", sums, layer.scale)
        return w.reduce("ReduceSum", sums, [-1])
    sums = sums if layer.scale is None else w.binary("Mul", sums, layer.scale)
    total = w.reduce("ReduceSum", w.unary("Tanh", sums), [-1])
    return w.binary("Mul", total, layer.concat_score_weight)
