"""Attention, one query of one head at a time, with all its scores written out."""

import numpy as np


def _mix64(x):
    x = (x + 0x9E3779B97F4A7C15) % 2**64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
    return x ^ (x >> 31)


def _factors(keys, row, rate, seed):
    """What dropout multiplies the weights of one row by: a hash of seed, row and key decides."""
    key = _mix64((_mix64(seed) + row) % 2**64)
    first, second = key % 2**32, key >> 32
    factors = np.empty(keys)
    for k in range(keys):
        h = k ^ first
        h = (h ^ (h >> 16)) * 0x7FEB352D % 2**32
        h = ((h ^ (h >> 15)) + second) * 0x846CA68B % 2**32
        h = (h ^ (h >> 16)) * 0x9E3779B1 % 2**32
        h ^= h >> 15
        factors[k] = h >= rate * 2**32
    return factors / (1 - rate)


def _rows(query, key, bias, mask, scale, causal, dropout_rate, seed):
    """For each query of each head: where it is, its weights, their log-sum and dropout factors."""
    batch, queries, heads, _ = np.shape(query)
    keys, share = np.shape(key)[1], heads // np.shape(key)[2]
    wide = (batch, heads, queries, keys)
    bias = np.broadcast_to(np.zeros(()) if bias is None else np.float64(bias), wide)
    mask = np.broadcast_to(np.ones((), bool) if mask is None else mask, wide)
    for b, h, q in np.ndindex(batch, heads, queries):
        scores = scale * np.float64(key[b, :, h // share]) @ np.float64(query[b, q, h])
        seen = mask[b, h, q] & (np.arange(keys) <= q if causal else True)
        scores = np.where(seen, scores + bias[b, h, q], -np.inf)
        high = scores.max(initial=-np.inf)
        factors = np.ones(keys)
        if dropout_rate:
            factors = _factors(keys, (b * heads + h) * queries + q, dropout_rate, seed)
        if high == -np.inf:
            yield (b, q, h), np.zeros(keys), -np.inf, factors
            continue
        weights = np.exp(scores - high)
        yield (b, q, h), weights / weights.sum(), high + np.log(weights.sum()), factors


def dot_product_attention(query, key, value, bias, mask, scale, causal, dropout_rate=0.0, seed=0):
    """A row that sees nothing is zeros, with a log-sum of minus infinity."""
    batch, queries, heads, _ = np.shape(query)
    share = heads // np.shape(key)[2]
    out = np.empty((batch, queries, heads, np.shape(value)[3]))
    log_sum = np.empty((batch, heads, queries))
    for (b, q, h), weights, high, factors in _rows(
        query, key, bias, mask, scale, causal, dropout_rate, seed
    ):
        out[b, q, h] = (weights * factors) @ np.float64(value[b, :, h // share])
        log_sum[b, h, q] = high
    return out, log_sum


def dot_product_attention_grad(
    dy, query, key, value, bias, mask, out, log_sum, scale, causal, dropout_rate=0.0, seed=0
):
    """The chain rule through the Jacobian of each row's softmax; out and log_sum are not needed."""
    share = np.shape(query)[2] // np.shape(key)[2]
    dquery, dkey, dvalue = (np.zeros(np.shape(x)) for x in (query, key, value))
    for (b, q, h), weights, _, factors in _rows(
        query, key, bias, mask, scale, causal, dropout_rate, seed
    ):
        g = h // share
        upstream = np.float64(dy[b, q, h])
        dvalue[b, :, g] += np.outer(weights * factors, upstream)
        dweights = factors * (np.float64(value[b, :, g]) @ upstream)
        dscores = (np.diag(weights) - np.outer(weights, weights)) @ dweights
        dquery[b, q, h] = scale * dscores @ np.float64(key[b, :, g])
        dkey[b, :, g] += scale * np.outer(dscores, np.float64(query[b, q, h]))
    return dquery, dkey, dvalue
